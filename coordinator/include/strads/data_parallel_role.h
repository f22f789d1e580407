#pragma once

#include <strads/bytes.h>
#include <strads/data_parallel.h>
#include <strads/error.h>
#include <strads/names_member.h>
#include <strads/report.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace strads {

// The roles of a DataParallelApp with its types erased: messages are bytes. Parameters and
// gradients are in as many parts as there are holders, or whole, in one, if there are none.
class DataParallelWorkerRole {
 public:
  virtual ~DataParallelWorkerRole() = default;
  virtual Bytes Describe() = 0;
  // Keeps this part of the parameters until the next one. All parts before Push and Loss.
  virtual void Read(size_t part, const Bytes& parameters) = 0;
  // The parts of the gradient. `own` is about the parameters that were read last.
  virtual std::vector<Bytes> Push(int64_t clock, const OwnClocks& own) = 0;
  virtual double Loss() = 0;
  virtual std::vector<double> Measures() { return {}; }
};

class DataParallelModelRole {
 public:
  virtual ~DataParallelModelRole() = default;
  virtual void Begin(std::span<const Bytes> starts) = 0;
  // The workers whose shards have nothing to learn from, as far as `starts` of all of them tell.
  virtual std::vector<int> EmptyRanks(std::span<const Bytes>) const { return {}; }
  virtual void Pull(std::span<const Bytes> gradients) = 0;
  virtual Bytes Parameters() const = 0;
  // The parameters whose loss is the run's, if they are others than workers read.
  virtual std::optional<Bytes> Answer() const { return std::nullopt; }
  // Of the coordinator's model, if holders have the parameters: the answers of all of them.
  virtual void Collect(std::span<const Bytes>) {}
  // Of the coordinator's model, after the last Pull or Collect; the sums of the workers' Measures.
  virtual void Measured(std::span<const double>) {}
  virtual void Finish() {}
  virtual strads::Report Report() const = 0;
  virtual Bytes Save() const = 0;
  // What is to lie beside the file of the model.
  virtual SideFiles TakeFiles() { return {}; }
};

namespace internal {

template <Message M>
std::vector<M> UnpackAll(std::span<const Bytes> packed) {
  std::vector<M> messages;
  messages.reserve(packed.size());
  for (const Bytes& bytes : packed) messages.push_back(Unpack<M>(bytes));
  return messages;
}

// What models of any pattern may have.
template <class Model>
struct OptionalOfModel {
  static constexpr bool kIsTold = requires(Model model, std::span<const double> sums) {
    model.Measured(sums);
  };
  static_assert(kIsTold || !NamesMeasured<Model>,
                "the model's Measured is another, expected void Measured(std::span<const double>)");
  static constexpr bool kHasFiles = requires(Model model) {
    { model.TakeFiles() } -> std::convertible_to<SideFiles>;
  };
  static_assert(kHasFiles || !NamesTakeFiles<Model>,
                "the model's TakeFiles is another, expected strads::SideFiles TakeFiles()");
};

template <DataParallelApp A>
class DataParallelWorkerOf final : public DataParallelWorkerRole {
  static constexpr bool kMeasures =
      requires(typename A::Worker worker, const typename A::Parameters& parameters) {
    { worker.Measures(parameters) } -> std::convertible_to<std::vector<double>>;
  };
  static_assert(kMeasures || !NamesMeasures<typename A::Worker>,
                "the worker's Measures is another, expected "
                "std::vector<double> Measures(const Parameters&)");

 public:
  DataParallelWorkerOf(const Bytes& options, Shard shard, int holders)
      : worker_(Unpack<typename A::Options>(options), shard),
        parts_(holders > 1 ? static_cast<size_t>(holders) : 0) {
    if (holders > 1 && !DivisibleApp<A>)
      throw ProtocolError("the parameters of this app cannot be divided over holders");
  }
  Bytes Describe() override {
    const typename A::Start& start = worker_.Describe();
    return Pack(start);
  }
  void Read(size_t part, const Bytes& parameters) override {
    if (parts_.empty()) {
      parameters_ = Unpack<typename A::Parameters>(parameters);
    } else {
      parts_.at(part) = Unpack<typename A::Parameters>(parameters);
      joined_ = false;
    }
  }
  std::vector<Bytes> Push(int64_t clock, const OwnClocks& own) override {
    Join();
    const typename A::Gradient& gradient = [&]() -> decltype(auto) {
      if constexpr (requires { worker_.Push(parameters_, clock, own); })
        return worker_.Push(parameters_, clock, own);
      else
        return worker_.Push(parameters_, clock);
    }();
    if (parts_.empty()) return {Pack(gradient)};
    std::vector<Bytes> parts;
    if constexpr (DivisibleApp<A>) {
      const int count = static_cast<int>(parts_.size());
      for (int i = 0; i < count; ++i) {
        const typename A::Gradient& part = gradient.PartOf(Slice{i, count});
        parts.push_back(Pack(part));
      }
    }
    return parts;
  }
  double Loss() override {
    Join();
    return worker_.Loss(parameters_);
  }
  std::vector<double> Measures() override {
    if constexpr (kMeasures) {
      Join();
      return worker_.Measures(parameters_);
    }
    return {};
  }

 private:
  void Join() {
    if (joined_) return;
    joined_ = true;
    if constexpr (DivisibleApp<A>)
      parameters_ = A::Parameters::Join(std::span<const typename A::Parameters>(parts_));
  }

  typename A::Worker worker_;
  typename A::Parameters parameters_;
  std::vector<typename A::Parameters> parts_;  // of several holders
  bool joined_ = true;
};

template <DataParallelApp A>
class DataParallelModelOf final : public DataParallelModelRole, OptionalOfModel<typename A::Model> {
  static constexpr bool kAnswers = requires(const typename A::Model& model) {
    { model.Answer() } -> std::convertible_to<typename A::Parameters>;
  };
  static_assert(kAnswers || !NamesAnswer<typename A::Model>,
                "the model's Answer is another, expected Parameters Answer() const");
  static constexpr bool kFinishes = requires(typename A::Model model) { model.Finish(); };
  static_assert(kFinishes || !NamesFinish<typename A::Model>,
                "the model's Finish is another, expected void Finish()");
  static constexpr bool kKnowsEmpty = requires(const typename A::Start& start) {
    { start.IsEmpty() } -> std::same_as<bool>;
  };
  static_assert(kKnowsEmpty || !NamesIsEmpty<typename A::Start>,
                "the start's IsEmpty is another, expected bool IsEmpty() const");

 public:
  DataParallelModelOf(const Bytes& options, Slice slice)
      : model_(MakeModel(Unpack<typename A::Options>(options), slice)) {}
  void Begin(std::span<const Bytes> starts) override {
    const std::vector<typename A::Start> unpacked = UnpackAll<typename A::Start>(starts);
    model_.Begin(std::span<const typename A::Start>(unpacked));
  }
  std::vector<int> EmptyRanks(std::span<const Bytes> starts) const override {
    std::vector<int> ranks;
    if constexpr (kKnowsEmpty) {
      for (int rank = 0; rank < std::ssize(starts); ++rank) {
        if (Unpack<typename A::Start>(starts[static_cast<size_t>(rank)]).IsEmpty())
          ranks.push_back(rank);
      }
    }
    return ranks;
  }
  void Pull(std::span<const Bytes> gradients) override {
    const std::vector<typename A::Gradient> unpacked = UnpackAll<typename A::Gradient>(gradients);
    model_.Pull(std::span<const typename A::Gradient>(unpacked));
  }
  Bytes Parameters() const override {
    const typename A::Parameters& parameters = model_.parameters();
    return Pack(parameters);
  }
  std::optional<Bytes> Answer() const override {
    if constexpr (kAnswers) {
      const typename A::Parameters& answer = model_.Answer();
      return Pack(answer);
    }
    return std::nullopt;
  }
  void Collect(std::span<const Bytes> answers) override {
    if constexpr (DivisibleApp<A>) {
      const std::vector<typename A::Parameters> parts = UnpackAll<typename A::Parameters>(answers);
      model_.Collect(A::Parameters::Join(std::span<const typename A::Parameters>(parts)));
    }
  }
  void Measured(std::span<const double> sums) override {
    if constexpr (DataParallelModelOf::kIsTold) model_.Measured(sums);
  }
  void Finish() override {
    if constexpr (kFinishes) model_.Finish();
  }
  strads::Report Report() const override { return model_.Report(); }
  Bytes Save() const override { return Pack(model_); }
  SideFiles TakeFiles() override {
    if constexpr (DataParallelModelOf::kHasFiles) return model_.TakeFiles();
    return {};
  }

 private:
  static typename A::Model MakeModel(const typename A::Options& options, Slice slice) {
    if constexpr (DivisibleApp<A>) {
      return typename A::Model(options, slice);
    } else {
      return typename A::Model(options);
    }
  }

  typename A::Model model_;
};

}  // namespace internal
}  // namespace strads
