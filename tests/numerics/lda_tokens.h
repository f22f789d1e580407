#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/numerics/lda_problems.h"

namespace strads::testing {

struct Token {
  int64_t document;
  int64_t word;
  lda::Topic topic;
};

// All tokens of the grid in the order in which one group samples them.
inline std::vector<Token> TokensOf(lda::TokenGrid& grid, const std::vector<int64_t>& slice_begins) {
  std::vector<Token> tokens;
  for (int64_t b = 0; b < grid.slices(); ++b) {
    for (int step = 0; step < grid.groups(); ++step) {
      for (int group = 0; group < grid.groups(); ++group) {
        const lda::Cell cell = grid.At(b, step, group);
        for (size_t i = 0; i < cell.words.size(); ++i) {
          for (int64_t n = cell.begins[i]; n < cell.begins[i + 1]; ++n)
            tokens.push_back({cell.documents[n],
                              slice_begins[static_cast<size_t>(b)] + cell.words[i],
                              cell.topics[n]});
        }
      }
    }
  }
  return tokens;
}

// (n_dk + alpha_k) (n_wk + beta) / (n_k + V beta) of token i with the counts of all others.
inline std::vector<double> Conditional(const std::vector<Token>& tokens,
                                       size_t i,
                                       const lda::Prior& prior) {
  std::vector<double> weights;
  double sum = 0;
  for (int k = 0; k < prior.topics(); ++k) {
    double of_document = prior.alpha[static_cast<size_t>(k)], of_word = prior.beta;
    double total = static_cast<double>(prior.vocabulary) * prior.beta;
    for (size_t n = 0; n < tokens.size(); ++n) {
      if (n == i || tokens[n].topic != k) continue;
      of_document += tokens[n].document == tokens[i].document ? 1 : 0;
      of_word += tokens[n].word == tokens[i].word ? 1 : 0;
      total += 1;
    }
    weights.push_back(of_document * of_word / total);
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

// Topics of all tokens as the digits of a number.
inline size_t StateOf(const std::vector<Token>& tokens, int topics) {
  size_t state = 0;
  for (const Token& token : tokens) state = state * static_cast<size_t>(topics) + token.topic;
  return state;
}
inline void SetState(size_t state, int topics, std::vector<Token>& tokens) {
  for (size_t n = tokens.size(); n-- > 0; state /= static_cast<size_t>(topics))
    tokens[n].topic = static_cast<lda::Topic>(state % static_cast<size_t>(topics));
}

// With what probability one pass that draws every topic from its conditional leads from the state
// of `tokens` to each state: the conditionals of its tokens, those before as they are in it.
inline std::vector<double> OnePass(const std::vector<Token>& start, const lda::Prior& prior) {
  size_t states = 1;
  for (size_t n = 0; n < start.size(); ++n) states *= static_cast<size_t>(prior.topics());
  std::vector<double> probabilities;
  for (size_t state = 0; state < states; ++state) {
    std::vector<Token> to = start, now = start;
    SetState(state, prior.topics(), to);
    double probability = 1;
    for (size_t n = 0; n < now.size(); ++n) {
      probability *= Conditional(now, n, prior)[to[n].topic];
      now[n].topic = to[n].topic;
    }
    probabilities.push_back(probability);
  }
  return probabilities;
}

// log p(w, z) token by token: each is drawn from its document's and its topic's predictive
// distribution given those before.
inline double ChainRule(const std::vector<Token>& tokens, const lda::Prior& prior) {
  const double alpha_sum = std::accumulate(prior.alpha.begin(), prior.alpha.end(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    double length = 0, of_document = 0, of_word = 0, total = 0;
    for (size_t n = 0; n < i; ++n) {
      const bool same_document = tokens[n].document == tokens[i].document;
      const bool same_topic = tokens[n].topic == tokens[i].topic;
      length += same_document ? 1 : 0;
      of_document += same_document && same_topic ? 1 : 0;
      of_word += same_topic && tokens[n].word == tokens[i].word ? 1 : 0;
      total += same_topic ? 1 : 0;
    }
    sum += std::log((of_document + prior.alpha[tokens[i].topic]) / (length + alpha_sum)) +
           std::log((of_word + prior.beta) /
                    (total + static_cast<double>(prior.vocabulary) * prior.beta));
  }
  return sum;
}

inline std::vector<double> Posterior(std::vector<Token> tokens, const lda::Prior& prior) {
  size_t states = 1;
  for (size_t n = 0; n < tokens.size(); ++n) states *= static_cast<size_t>(prior.topics());
  std::vector<double> probabilities;
  double sum = 0;
  for (size_t state = 0; state < states; ++state) {
    SetState(state, prior.topics(), tokens);
    probabilities.push_back(std::exp(ChainRule(tokens, prior)));
    sum += probabilities.back();
  }
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

// Gives the grid's tokens the topics of `tokens`, in the order of TokensOf; one group.
inline void SetTopics(const std::vector<Token>& tokens, lda::TokenGrid& grid) {
  size_t next = 0;
  for (int64_t b = 0; b < grid.slices(); ++b) {
    const lda::Cell cell = grid.At(b, 0, 0);
    for (int64_t n = cell.begins.front(); n < cell.begins.back(); ++n)
      cell.topics[n] = tokens[next++].topic;
  }
}

}  // namespace strads::testing
