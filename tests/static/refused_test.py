#!/usr/bin/env python3
"""Checks that the compiler says what is wrong with an app, by compiling some that are wrong.

Usage: refused_test.py COMPILER FLAG...
"""
import subprocess
import sys

FIELD = "a field is a bool, integer, float, double, std::string"
OPTIONS = "#include <strads/options.h>\nauto made = strads::DescribeOptions<M>(); auto read = strads::MakeOptions<M>({});"
PACKED = "#include <strads/message.h>\nauto packed = strads::Pack(M{});"
APP = "#include <strads/main.h>\nstruct A { using Options = M; struct Model { STRADS_FIELDS() }; struct Plan { STRADS_FIELDS() };" \
      "using Partial = Plan; using Update = Plan; };\nauto program = strads::MakeProgram<A>(\"a\");"
# A worker and a model with optional members, of all three patterns.
MEMBERS = "#include <strads/main.h>\nauto program = strads::MakeProgram<A>(\"a\");"
MESSAGE = "struct M { int a = 0; STRADS_FIELDS(a) };"


def app(worker="", model="", more="struct Plan { int b = 0; STRADS_FIELDS(b) };"):
    return MESSAGE + """struct A { using Options = M; using Partial = M; using Update = M; """ + more + """
  struct Scheduler { Scheduler(const M&, strads::Slice); Plan Schedule(); void Feedback(const M&); };
  struct Worker { Worker(const M&, strads::Shard); M Push(const Plan&); void Sync(const M&); double Loss() const;
    """ + worker + """ };
  struct Model { explicit Model(const M&); M Pull(const Plan&, std::span<const M>);
    strads::Report Report() const; int c = 0; STRADS_FIELDS(c) """ + model + """ }; };"""


def data_parallel_app(worker="", model=""):
    return MESSAGE + """struct A { using Options = M; using Start = M; using Parameters = M; using Gradient = M;
  struct Worker { Worker(const M&, strads::Shard); M Describe(); M Push(const M&, int64_t); double Loss(const M&);
    """ + worker + """ };
  struct Model { explicit Model(const M&); void Begin(std::span<const M>);
    void Pull(std::span<const M>); const M& parameters() const;
    strads::Report Report() const; int c = 0; STRADS_FIELDS(c) """ + model + """ }; };"""


def rotation_app(worker=""):
    return app("M MakeBlock(const Plan&, int32_t); M Push(const Plan&, M&); std::optional<N> Collect(); " + worker,
               "void Collect(const M&); void Collect(const N&);",
               "using Plan = strads::RotationPlan; using Block = M; using Share = N;") \
        .replace(MESSAGE, MESSAGE + "struct N { int b = 0; STRADS_FIELDS(b) };")


# What follows the first #include, the struct M, and a text that must be told.
WRONG = [
    (PACKED, "struct M { int a = 0, b = 0; STRADS_FIELDS(a, a) };", "a name is given twice in STRADS_FIELDS"),
    (PACKED, "struct M { int a = 0, b = 0; STRADS_FIELDS(a) };", "a member is not listed in STRADS_FIELDS"),
    (PACKED, "struct M { long double a = 0; STRADS_FIELDS(a) };", FIELD),
    (PACKED, "struct M { std::optional<int> a; STRADS_FIELDS(a) };", FIELD),
    (PACKED, "enum class E {}; struct M { E a = {}; STRADS_FIELDS(a) };", FIELD),
    (PACKED, "struct M { std::pair<int, int> a; STRADS_FIELDS(a) };", FIELD),
    (PACKED, "struct M { std::array<int, 3> a; STRADS_FIELDS(a) };", FIELD),
    (PACKED, "struct M { int a[3]; STRADS_FIELDS(a) };", FIELD),
    (PACKED, "struct M { std::vector<std::unordered_map<int, int>> a; STRADS_FIELDS(a) };", FIELD),
    (PACKED, "struct M { int a; };", "a message is a struct with STRADS_FIELDS"),
    (OPTIONS, "struct M { float a = 0; STRADS_FIELDS(a) };", "an option is a bool, int, int64_t, double"),
    (OPTIONS, "struct M { unsigned a = 0; STRADS_FIELDS(a) };", "an option is a bool, int, int64_t, double"),
    (APP, "struct M { int a = 0; STRADS_FIELDS(a) STRADS_HELP(\"b: what\") };", "STRADS_HELP does not begin with"),
    (APP, "struct M { std::optional<int> a; STRADS_FIELDS(a) };", FIELD),
    (APP, "struct M { int a = 0; STRADS_FIELDS(a) };", "not all that strads/app.h asks for"),
    (MEMBERS, app("std::vector<double> Measures();"), "expected std::vector<double> Measures() const"),
    (MEMBERS, app("private: std::vector<double> Measures() const;"), "expected std::vector<double> Measures() const"),
    (MEMBERS, app("", "void Measured(std::vector<double>);"), "expected void Measured(std::span<const double>)"),
    (MEMBERS, app("", "void EndSoon(bool);"), "expected void EndSoon()"),
    (MEMBERS, app("", "strads::SideFiles TakeFiles(int); strads::SideFiles TakeFiles(bool);"), "expected strads::SideFiles TakeFiles()"),
    (MEMBERS, app("", "void TakeFiles();").replace("struct Model", "struct Model final"), "expected strads::SideFiles TakeFiles()"),
    (MEMBERS, data_parallel_app("std::vector<double> Measures();"), "expected std::vector<double> Measures(const Parameters&)"),
    (MEMBERS, data_parallel_app("", "M Answer();"), "expected Parameters Answer() const"),
    (MEMBERS, data_parallel_app("", "void Measured(std::span<double>);"), "expected void Measured(std::span<const double>)"),
    (MEMBERS, data_parallel_app("", "void Finish(const M&);"), "expected void Finish()"),
    (MEMBERS, data_parallel_app("", "void TakeFiles();"), "expected strads::SideFiles TakeFiles()"),
    (MEMBERS, data_parallel_app().replace("int a = 0;", "int a = 0; bool IsEmpty();"), "expected bool IsEmpty() const"),
    (MEMBERS, rotation_app("void Extend(const Plan&, M&);"), "expected void Extend(const Plan&, Block&, Partial&)"),
]
RIGHT = [
    (MEMBERS, app("std::vector<double> Measures() const;", "void Measured(std::span<const double>); void EndSoon();"
                  "strads::SideFiles TakeFiles(); void Finish(int);")),
    (MEMBERS, app("virtual ~Worker(); virtual std::vector<double> Measures() const;",
                  "void Measured(const auto&);").replace("struct Worker", "struct Worker final")),
    (MEMBERS, data_parallel_app("std::vector<double> Measures(const M&);", "const M& Answer() const;"
                                "void Measured(std::span<const double>); void Finish(); strads::SideFiles TakeFiles();")),
    (MEMBERS, data_parallel_app().replace("int a = 0;", "int a = 0; bool IsEmpty() const;")),
    (MEMBERS, rotation_app("void Extend(const Plan&, M&, M&);")),
    (PACKED, "struct M { int a = 0, b = 0; STRADS_FIELDS(a, b) };"),
    (OPTIONS, "struct M { int64_t a = 0; double b = 0; STRADS_FIELDS(a, b) };"),
    ("#include <strads/run.h>\nstrads::RunOptions run{.workers = 2}; strads::RunHooks hooks{.stop = nullptr};", ""),
    ("#include <strads/schedule.h>\nstrads::ScheduleOptions options{.stream = 1};", ""),
]
STANDARD = "".join(f"#include <{name}>\n" for name in ("array", "optional", "unordered_map", "utility", "vector"))


def compile_text(command, use, struct):
    """The exit code and the messages of the compiler."""
    include, rest = use.split("\n", 1)
    done = subprocess.run([*command, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", "-"],
                          input=f"{STANDARD}{include}\n{struct}\n{rest}\n", capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def main():
    command = sys.argv[1:]
    failures = 0
    for use, struct in RIGHT:
        code, text = compile_text(command, use, struct)
        if code != 0:
            failures += 1
            print(f"{struct}\n  is refused:\n{text}")
    for use, struct, expected in WRONG:
        code, text = compile_text(command, use, struct)
        if code == 0 or expected not in text:
            failures += 1
            print(f"{struct}\n  expected an error with: {expected}\n{text}")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
