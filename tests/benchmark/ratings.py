"""A generated set of ratings, the same for the same arguments."""
import itertools
import random


def write(path, users, items, ratings, factors=8, seed=5):
    """`user item rating` lines: 3.5 + w_u.h_i + noise of 0.5, w.h of variance 1, items drawn by a Zipf law of
    exponent 0.8, each at most once by a user, each user about ratings / users times."""
    draw = random.Random(seed)
    spread = factors ** -0.25
    w, h = ([[draw.gauss(0, spread) for _ in range(factors)] for _ in range(n)] for n in (users, items))
    weights = list(itertools.accumulate((i + 1) ** -0.8 for i in range(items)))
    order = list(range(items))
    draw.shuffle(order)
    with open(path, "w", encoding="ascii") as out:
        for u in range(users):
            count = ratings * (u + 1) // users - ratings * u // users
            seen = set()
            while len(seen) < count:
                seen.update(draw.choices(order, cum_weights=weights, k=count - len(seen)))
            row = w[u]
            out.writelines(f"{u} {i} {3.5 + sum(map(float.__mul__, row, h[i])) + draw.gauss(0, 0.5):.3f}\n"
                           for i in sorted(seen))
