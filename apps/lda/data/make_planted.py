"""Writes planted.docword.txt.xz and planted.vocab.txt: a corpus drawn from known topics.

The model of latent Dirichlet allocation: 10 topics phi_k, 500 documents of 40 to 120 tokens,
theta_d ~ Dirichlet(0.1). Each topic has 80 words of its own and shares the 200 words after those;
within a group the weights fall as 1 / rank. Words are made of syllables; those of topic k begin
with its own one. The same file each time.
"""

import collections
import lzma
import pathlib
import random

TOPICS, DOCUMENTS, OWN, SHARED, SHARE_OF_SHARED, ALPHA = 10, 500, 80, 200, 0.2, 0.1
FIRST = ["ba", "ce", "di", "fo", "gu", "ha", "je", "li", "mo", "nu"]
SYLLABLES = [c + v for c in "bdfklmnprst" for v in "aeiou"]


def new_word(rng, first, taken):
    while True:
        word = first + "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(1, 3)))
        if word not in taken:
            taken.add(word)
            return word


def main():
    rng = random.Random(20240607)
    taken = set()
    own = [[new_word(rng, first, taken) for _ in range(OWN)] for first in FIRST]
    shared = [new_word(rng, "sta", taken) for _ in range(SHARED)]
    vocabulary = sorted(taken)
    number = {word: i + 1 for i, word in enumerate(vocabulary)}
    own_weights = [1 / (rank + 1) for rank in range(OWN)]
    shared_weights = [1 / (rank + 1) for rank in range(SHARED)]

    entries = []
    for document in range(1, DOCUMENTS + 1):
        theta = [rng.gammavariate(ALPHA, 1) for _ in range(TOPICS)]
        counts = collections.Counter()
        for topic in rng.choices(range(TOPICS), theta, k=rng.randint(40, 120)):
            if rng.random() < SHARE_OF_SHARED:
                word = rng.choices(shared, shared_weights)[0]
            else:
                word = rng.choices(own[topic], own_weights)[0]
            counts[number[word]] += 1
        entries += [f"{document} {word} {count}\n" for word, count in sorted(counts.items())]

    folder = pathlib.Path(__file__).parent
    header = f"{DOCUMENTS}\n{len(vocabulary)}\n{len(entries)}\n"
    with lzma.open(folder / "planted.docword.txt.xz", "wt", preset=9) as out:
        out.write(header + "".join(entries))
    (folder / "planted.vocab.txt").write_text("\n".join(vocabulary) + "\n")


if __name__ == "__main__":
    main()
