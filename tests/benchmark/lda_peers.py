#!/usr/bin/env python3
"""Latent Dirichlet allocation beside scikit-learn and gensim (both of Debian), in one run:

    lda_peers.py BUILD_FOLDER [--topics=100,1000] [--epochs=60] [--passes=3] [--peers=sklearn,gensim] [TRAIN TEST]

TRAIN and TEST are documents in lda-c; of their words those in at least 5 and at most 30 % of TRAIN's documents are
kept, and of its documents those of at least 5 tokens; of TEST the first 1,000. Without, a corpus of 2 million tokens
is drawn: 100 topics, words by a Zipf law. Everyone has alpha = 50 / K and beta = 0.01. Gibbs sampling here, variational
Bayes there: compared is how well held-out documents are completed (document completion, phi fixed, 50 steps of
expectation maximisation; the same code for everyone), after so many passes over the corpus, in so many seconds of
training. In memory all have the corpus before the clock starts.

Prints for each number of topics and way: seconds, million tokens a second, perplexity, and how many times the seconds
of `strads, 2 threads` to a perplexity as low; then joint log-likelihood per token against seconds.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy
import scipy.sparse

WAYS = {"strads, 1 thread": [], "strads, 2 threads": ["--threads=2"], "strads, 2 workers": ["--workers=2", "--processes"]}
BETA = 0.01


def read(path):
    """Documents x words."""
    rows, words, counts = [], [], []
    with open(path, encoding="ascii") as lines:
        for d, line in enumerate(lines):
            for pair in line.split()[1:]:
                word, count = pair.split(":")
                rows.append(d)
                words.append(int(word))
                counts.append(int(count))
    return rows, words, counts


def matrices(train, test):
    """TRAIN's and TEST's documents x words that are kept."""
    parts = [read(train), read(test)]
    width = 1 + max(max(words) for _, words, _ in parts)
    fit, held = (scipy.sparse.csr_matrix((counts, (rows, words)), shape=(1 + rows[-1], width)) for rows, words, counts in parts)
    documents = (fit > 0).sum(axis=0).A1
    kept = (documents >= 5) & (documents <= 0.3 * fit.shape[0])
    fit, held = fit[:, kept], held[:1000, kept]
    return fit[fit.sum(axis=1).A1 >= 5], held


def generate(documents=20_000, words=20_000, topics=100, length=100, seed=1):
    draw = numpy.random.default_rng(seed)
    law = 1 / numpy.arange(1, words + 1)
    phi = draw.gamma(0.05 * law * words / law.sum(), size=(topics, words)) + 1e-12
    sums = (phi / phi.sum(axis=1, keepdims=True)).cumsum(axis=1)
    rows = []
    for _ in range(documents + 1000):
        theta = draw.dirichlet(numpy.full(topics, 0.1))
        row = numpy.zeros(words, dtype=numpy.int32)
        for topic, count in zip(*numpy.unique(draw.choice(topics, draw.poisson(length), p=theta), return_counts=True)):
            at = numpy.searchsorted(sums[topic], draw.random(count))
            numpy.add.at(row, numpy.minimum(at, words - 1), 1)
        rows.append(scipy.sparse.csr_matrix(row))
    corpus = scipy.sparse.vstack(rows).tocsr()
    corpus = corpus[:, corpus[:documents].sum(axis=0).A1 > 0]
    return corpus[:documents], corpus[documents:]


def write(path, corpus):
    with open(path, "w", encoding="ascii") as lines:
        for d in range(corpus.shape[0]):
            row = corpus[d]
            pairs = (f"{w}:{c}" for w, c in zip(row.indices, row.data))
            lines.write(" ".join([str(row.nnz), *pairs]) + "\n")


def perplexity(phi, held, alpha):
    """Every second token of each document, in the order of words, predicted by the others."""
    total, tokens = 0.0, 0
    for d in range(held.shape[0]):
        words, counts = held[d].indices, held[d].data
        ends = counts.cumsum()
        even = (ends + 1) // 2 - (ends - counts + 1) // 2
        odd = counts - even
        if odd.sum() == 0:
            continue
        weight = phi[:, words]
        theta = numpy.full(len(phi), 1 / len(phi))
        for _ in range(50):
            shares = theta[:, None] * weight
            theta = (shares / shares.sum(axis=0)) @ even + alpha
            theta /= theta.sum()
        total += odd @ numpy.log(theta @ weight)
        tokens += odd.sum()
    return numpy.exp(-total / tokens)


def sklearn(fit, topics, passes, jobs):
    from sklearn.decomposition import LatentDirichletAllocation
    model = LatentDirichletAllocation(topics, doc_topic_prior=50 / topics, topic_word_prior=BETA, max_iter=passes,
                                      learning_method="online", batch_size=512, total_samples=fit.shape[0],
                                      evaluate_every=0, n_jobs=jobs, random_state=1)
    start = time.perf_counter()
    model.fit(fit)
    seconds = time.perf_counter() - start
    return model.components_ / model.components_.sum(axis=1, keepdims=True), seconds


def gensim(fit, topics, passes, jobs):
    from gensim.models import LdaMulticore
    corpus = [list(zip(fit[d].indices, fit[d].data)) for d in range(fit.shape[0])]
    start = time.perf_counter()
    model = LdaMulticore(corpus, topics, id2word={w: str(w) for w in range(fit.shape[1])}, workers=jobs, passes=passes,
                         alpha=[50 / topics] * topics, eta=BETA, eval_every=None, random_state=1)
    return model.get_topics(), time.perf_counter() - start


PEERS = {"sklearn": sklearn, "gensim": gensim}


def ours(build, folder, topics, epochs, every, flags):
    """The curve of (seconds, joint log-likelihood), and the curve of (seconds, perplexity)."""
    metrics = f"{folder}/metrics.jsonl"
    subprocess.run([f"{build}/strads", "lda", "train", f"--data={folder}/train", f"--heldout={folder}/test",
                    "--format=lda-c", f"--topics={topics}", f"--beta={BETA}", f"--epochs={epochs}", f"--every={every}",
                    f"--heldout_every={every}", "--noprogress", f"--metrics={metrics}", *flags],
                   check=True, stdout=subprocess.DEVNULL)
    joint, held = [], []
    with open(metrics, encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if "round" not in record:
                continue
            for curve, name in ((joint, "log_likelihood"), (held, "heldout_perplexity")):
                if name in record and (not curve or record[name] != curve[-1][1]):
                    curve.append((record["seconds"], record[name]))
    return joint, held


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--topics", default="100,1000")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--peers", default="sklearn,gensim")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_intermixed_args()
    fit, held = matrices(*arguments.files) if arguments.files else generate()
    tokens = fit.sum()
    print(f"{fit.shape[0]} documents, {fit.shape[1]} words, {tokens} tokens; {held.shape[0]} documents are completed")
    with tempfile.TemporaryDirectory() as folder:
        write(os.path.join(folder, "train"), fit)
        write(os.path.join(folder, "test"), held)
        for topics in map(int, arguments.topics.split(",")):
            every = max(1, arguments.epochs // 6)
            curves = {way: ours(arguments.build, folder, topics, arguments.epochs, every, flags)
                      for way, flags in WAYS.items()}
            reference = curves["strads, 2 threads"][1]
            print(f"K = {topics}           seconds  passes  M tokens/s  perplexity  times the seconds of strads to it")

            def show(name, seconds, passes, value):
                at = next((s for s, p in reference if p <= value), float("nan"))
                print(f"  {name:18} {seconds:8.2f} {passes:7} {passes * tokens / seconds / 1e6:11.2f} {value:11.1f} "
                      f"{seconds / at:10.1f}", flush=True)

            for way, (_, completed) in curves.items():
                show(way, completed[-1][0], arguments.epochs, completed[-1][1])
            for peer in filter(None, arguments.peers.split(",")):
                phi, seconds = PEERS[peer](fit, topics, arguments.passes, arguments.jobs)
                show(f"{peer}, {arguments.jobs} jobs", seconds, arguments.passes, perplexity(phi, held, 50 / topics))
            for way, (joint, _) in curves.items():
                print(f"  {way:18} joint log-likelihood per token at seconds: " + ", ".join(f"{v:.3f} at {s:.2f}" for s, v in joint[1:]))


if __name__ == "__main__":
    sys.exit(main())
