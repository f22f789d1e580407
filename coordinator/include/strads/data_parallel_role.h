#pragma once

#include <strads/bytes.h>
#include <strads/data_parallel.h>
#include <strads/report.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace strads {

// The roles of a DataParallelApp with its types erased: messages are bytes.
class DataParallelWorkerRole {
 public:
  virtual ~DataParallelWorkerRole() = default;
  virtual Bytes Describe() = 0;
  // Keeps these parameters until the next ones. Before Push and Loss.
  virtual void Read(const Bytes& parameters) = 0;
  virtual Bytes Push(int64_t clock) = 0;
  virtual double Loss() = 0;
};

class DataParallelModelRole {
 public:
  virtual ~DataParallelModelRole() = default;
  virtual void Begin(std::span<const Bytes> starts) = 0;
  virtual void Pull(std::span<const Bytes> gradients) = 0;
  virtual Bytes Parameters() const = 0;
  // The parameters whose loss is the run's, if they are others than workers read.
  virtual std::optional<Bytes> Answer() const { return std::nullopt; }
  virtual strads::Report Report() const = 0;
  virtual Bytes Save() const = 0;
};

namespace internal {

template <Message M>
std::vector<M> UnpackAll(std::span<const Bytes> packed) {
  std::vector<M> messages;
  messages.reserve(packed.size());
  for (const Bytes& bytes : packed) messages.push_back(Unpack<M>(bytes));
  return messages;
}

template <DataParallelApp A>
class DataParallelWorkerOf final : public DataParallelWorkerRole {
 public:
  DataParallelWorkerOf(const Bytes& options, Shard shard)
      : worker_(Unpack<typename A::Options>(options), shard) {}
  Bytes Describe() override {
    const typename A::Start& start = worker_.Describe();
    return Pack(start);
  }
  void Read(const Bytes& parameters) override {
    parameters_ = Unpack<typename A::Parameters>(parameters);
  }
  Bytes Push(int64_t clock) override {
    const typename A::Gradient& gradient = worker_.Push(parameters_, clock);
    return Pack(gradient);
  }
  double Loss() override { return worker_.Loss(parameters_); }

 private:
  typename A::Worker worker_;
  typename A::Parameters parameters_;
};

template <DataParallelApp A>
class DataParallelModelOf final : public DataParallelModelRole {
 public:
  explicit DataParallelModelOf(const Bytes& options)
      : model_(Unpack<typename A::Options>(options)) {}
  void Begin(std::span<const Bytes> starts) override {
    const std::vector<typename A::Start> unpacked = UnpackAll<typename A::Start>(starts);
    model_.Begin(std::span<const typename A::Start>(unpacked));
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
    if constexpr (requires { model_.Answer(); }) {
      const typename A::Parameters& answer = model_.Answer();
      return Pack(answer);
    }
    return std::nullopt;
  }
  strads::Report Report() const override { return model_.Report(); }
  Bytes Save() const override { return Pack(model_); }

 private:
  typename A::Model model_;
};

}  // namespace internal
}  // namespace strads
