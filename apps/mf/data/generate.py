#!/usr/bin/env python3
"""Draws the ratings of this folder: generate.py FOLDER writes FOLDER/ratings.tsv and ratings_test.tsv.

6,000 ratings of 200 items by 300 users: 3.4 + biases + a product of rank 3 + noise, rounded to half stars from
0.5 to 5. Popular items and busy users have most of them; a tenth goes to the test file.
"""
import pathlib
import random
import sys

USERS, ITEMS, RATINGS, RANK = 300, 200, 6000, 3


def main(folder):
    draw = random.Random(1)

    def vectors(count):
        return [[draw.gauss(0, 0.6) for _ in range(RANK)] for _ in range(count)]

    w, h = vectors(USERS), vectors(ITEMS)
    user_bias = [draw.gauss(0, 0.3) for _ in range(USERS)]
    item_bias = [draw.gauss(0, 0.4) for _ in range(ITEMS)]
    busy = [draw.lognormvariate(0, 0.8) for _ in range(USERS)]
    popular = [1 / (10 + i) for i in range(ITEMS)]
    cells = {}
    while len(cells) < RATINGS:
        u, = draw.choices(range(USERS), busy)
        i, = draw.choices(range(ITEMS), popular)
        rating = (3.4 + user_bias[u] + item_bias[i] + sum(a * b for a, b in zip(w[u], h[i]))
                  + draw.gauss(0, 0.4))
        cells.setdefault((u, i), min(5, max(0.5, round(2 * rating) / 2)))
    items = list(range(ITEMS))
    draw.shuffle(items)  # an item's name says nothing about how popular it is
    lines = [f"user{u + 1:03}\titem{items[i] + 1:03}\t{rating:g}\n" for (u, i), rating in cells.items()]
    for name, part in (("ratings.tsv", lines[RATINGS // 10:]), ("ratings_test.tsv", lines[:RATINGS // 10])):
        pathlib.Path(folder, name).write_text("".join(part), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
