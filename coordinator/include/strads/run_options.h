#pragma once

#include <strads/fields.h>

#include <cstdint>
#include <string>

namespace strads {

// How a run is carried out, whatever the app. Every field is a flag and a config key.
struct RunOptions {
  int workers = 1;      // shards of the data; part of the answer
  int threads = 1;      // threads of each worker; not part of the answer
  int schedulers = -1;  // 0: the coordinator makes the plans itself; -1: automatic
  int holders = 0;      // of the parameters of a data-parallel app; 0: the coordinator holds them
  int staleness = 0;    // rounds a worker may lag behind the updates; 0: bulk synchronous
  int lookahead = -1;   // rounds that plans lag behind the updates beyond that; -1: automatic
  std::string consistency = "bsp";  // of data-parallel apps: coordinator/consistency.h
  int backup_workers = 0;           // of consistency backup: gradients of a clock not waited for
  int64_t seed = 1;                 // of every random choice
  double tolerance = 1e-4;          // converged once the relative gap is at most this
  int64_t max_rounds = 0;           // 0: no bound
  double max_time = 0;              // seconds of solving; 0: no bound
  bool processes = false;           // roles but the coordinator are processes of this machine
  std::string role = "all";
  std::string listen = {};   // where the coordinator listens, e.g. tcp://0.0.0.0:5555
  std::string connect = {};  // where the other roles find it
  bool insecure = false;
  double join_timeout = 60;    // seconds
  double load_timeout = 3600;  // seconds
  double round_timeout = 600;  // seconds
  double peer_timeout = 5;     // seconds
  std::string model = {};
  std::string metrics = {};
  bool progress = true;
  int slow_rank = -1;      // for experiments: this worker's pushes take
  double slow_factor = 1;  // so many times as long
  double delay_mean = 0;   // for experiments: what pushes take beyond, at random, in seconds
  int64_t trace = 0;  // of data-parallel apps: measure every so many clocks; 0: at the end only

  STRADS_FIELDS(workers,
                threads,
                schedulers,
                holders,
                staleness,
                lookahead,
                consistency,
                backup_workers,
                seed,
                tolerance,
                max_rounds,
                max_time,
                processes,
                role,
                listen,
                connect,
                insecure,
                join_timeout,
                load_timeout,
                round_timeout,
                peer_timeout,
                model,
                metrics,
                progress,
                slow_rank,
                slow_factor,
                delay_mean,
                trace)
  STRADS_HELP(
      "workers: number of workers, each with its own shard of the data (part of the answer)",
      "threads: threads of each worker (never part of the answer)",
      "schedulers: number of schedulers, each owning part of the variables; 0: the coordinator "
      "makes the plans; -1: one where plans take long and a core is free for them, else 0",
      "holders: of data-parallel apps, number of parameter holders, each with a range of the "
      "parameters; 0: the coordinator holds them",
      "staleness: rounds that workers and plans may lag behind the updates; 0: bulk synchronous",
      "lookahead: rounds that plans are made ahead, beyond staleness, so that workers need not "
      "wait for them; -1: the number of schedulers and one; with none, 2 where plans may be",
      "consistency: of data-parallel apps, how old the parameters may be that workers read: bsp, "
      "ssp, essp, async or backup",
      "backup_workers: with consistency=backup, how many gradients of a clock are not waited for",
      "seed: of every random choice; the same seed and number of workers give the same model",
      "tolerance: the run has converged once its relative gap is at most this; of no effect in "
      "apps that tell no gap, such as mf, lda and those that are data-parallel",
      "max_rounds: end after so many rounds; 0: no bound",
      "max_time: end after so many seconds of solving; 0: no bound",
      "processes: start all roles but the coordinator as processes of this machine, not as threads",
      "role: all, coordinator, worker, scheduler or holder",
      "listen: where the coordinator listens, tcp://HOST:PORT or ipc://PATH",
      "connect: where a worker, scheduler or holder finds its coordinator",
      "insecure: let the coordinator listen beyond this machine, without encryption",
      "join_timeout: seconds to wait for all roles to come together",
      "load_timeout: seconds that the workers may take to read their data",
      "round_timeout: seconds after which a worker that has not answered a round is lost",
      "peer_timeout: seconds after which a peer without a connection is lost",
      "model: file of the model; written by train, read by the other commands",
      "metrics: file of the metrics, a JSON object a round",
      "progress: show a progress line while training",
      "slow_rank: for experiments, the worker that is slowed down; -1: none",
      "slow_factor: with slow_rank, how many times as long the pushes of that worker take",
      "delay_mean: for experiments, seconds that a push takes longer on average, at random "
      "(exponential)",
      "trace: of data-parallel apps, keep the parameters of every so many clocks and compute their "
      "objective after the last; 0: none")

  // Whether this process joins the run of another one.
  bool IsMember() const { return role == "worker" || role == "scheduler" || role == "holder"; }

  // Throws Error (kUsage), naming the field, if one is out of range or two contradict each other.
  void Validate() const;
};

}  // namespace strads
