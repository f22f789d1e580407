"""liblinear by its library (Debian: liblinear4), for the seconds that its train() takes: the program tells none."""
import ctypes
import time

import numpy
import scipy.sparse


class Problem(ctypes.Structure):
    _fields_ = [("l", ctypes.c_int), ("n", ctypes.c_int), ("y", ctypes.c_void_p), ("x", ctypes.c_void_p),
                ("bias", ctypes.c_double)]


class Parameter(ctypes.Structure):
    """Of 2.40 and later; earlier ones end before regularize_bias and have no nu, whose zero is their init_sol then."""
    _fields_ = [("solver_type", ctypes.c_int), ("eps", ctypes.c_double), ("C", ctypes.c_double),
                ("nr_weight", ctypes.c_int), ("weight_label", ctypes.c_void_p), ("weight", ctypes.c_void_p),
                ("p", ctypes.c_double), ("nu", ctypes.c_double), ("init_sol", ctypes.c_void_p),
                ("regularize_bias", ctypes.c_int)]


class Liblinear:
    """Rows x (of numpy or scipy) with targets y, without bias."""

    def __init__(self, x, y):
        self._library = ctypes.CDLL("liblinear.so.4")
        self._library.train.restype = ctypes.c_void_p
        self._quiet = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda text: None)
        self._library.set_print_string_function(self._quiet)
        x = scipy.sparse.csr_matrix(x)
        x.sort_indices()
        rows, columns = x.shape
        self._y = numpy.ascontiguousarray(y, float)
        nodes = numpy.zeros(x.nnz + rows, numpy.dtype([("index", numpy.int32), ("value", float)], align=True))
        at = numpy.arange(x.nnz) + numpy.repeat(numpy.arange(rows), numpy.diff(x.indptr))  # each row has an end
        nodes["index"] = -1
        nodes["index"][at], nodes["value"][at] = x.indices + 1, x.data
        self._nodes = nodes
        self._firsts = nodes.ctypes.data + nodes.itemsize * (x.indptr[:-1] + numpy.arange(rows)).astype(numpy.uint64)
        self._problem = Problem(rows, columns, self._y.ctypes.data, self._firsts.ctypes.data, -1)

    def train(self, solver, c, tolerance, path):
        """Writes the model to path; the seconds of solving."""
        parameter = Parameter(solver, tolerance, c, 0, None, None, 0.1, 0, None, 1)
        begin = time.perf_counter()
        model = self._library.train(ctypes.byref(self._problem), ctypes.byref(parameter))
        solve = time.perf_counter() - begin
        self._library.save_model(str(path).encode(), ctypes.c_void_p(model))
        self._library.free_and_destroy_model(ctypes.byref(ctypes.c_void_p(model)))
        return solve
