"""Curves as SVG, with nothing but Python: panels with linear or logarithmic axes and a legend."""
import math


class Axis:
    """From low to high; what lies outside is drawn at the edge."""

    def __init__(self, name, low, high, log=False, every=1):
        self.name, self.low, self.high, self.log, self.every = name, low, high, log, every

    def fraction(self, value):
        if self.log:
            value = max(value, min(self.low, self.high))
            share = (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0), 1)

    def ticks(self):
        """[(value, text)], every `every`-th power of ten or about five round numbers."""
        if self.log:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            step = self.every if last > first else -self.every
            return [(10.0 ** power, f"1e{power}") for power in range(first, last + (1 if step > 0 else -1), step)]
        low, high = min(self.low, self.high), max(self.low, self.high)
        rough = (high - low) / 5
        unit = 10 ** math.floor(math.log10(rough))
        step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
        return [(n * step, f"{n * step:.6g}") for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def panel(x0, y0, width, height, title, across, down, curves, colours, names_down=True):
    """SVG elements. curves: {name: [(x, y)]}; down.low is at the top."""
    svg = [f'<rect x="{x0}" y="{y0}" width="{width}" height="{height}" fill="none" stroke="#ccc"/>',
           f'<text x="{x0 + width}" y="{y0 - 4}" text-anchor="end">{title}</text>',
           f'<text x="{x0 + width / 2}" y="{y0 + height + 30}" text-anchor="middle">{across.name}</text>']
    ticks = across.ticks()
    for value, text in ticks:
        share = across.fraction(value)
        anchor = "start" if share == 0 else "end" if share == 1 else "middle"
        svg.append(f'<text x="{x0 + width * share:.1f}" y="{y0 + height + 14}" text-anchor="{anchor}">{text}</text>')
    for value, text in down.ticks():
        y = y0 + height * down.fraction(value)
        if names_down:
            svg.append(f'<text x="{x0 - 4}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
        svg.append(f'<line x1="{x0}" x2="{x0 + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eee"/>')
    for name, points in curves.items():
        path = " ".join(f"{x0 + width * across.fraction(x):.1f},{y0 + height * down.fraction(y):.1f}"
                        for x, y in points)
        svg.append(f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="1.6"/>')
    return svg


def legend(x, y, colours, apart=150):
    svg = []
    for i, (name, colour) in enumerate(colours.items()):
        left = x + apart * i
        svg.append(f'<line x1="{left}" y1="{y}" x2="{left + 24}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
                   f'<text x="{left + 30}" y="{y + 4}">{name}</text>')
    return svg


def document(width, height, left, title, elements):
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                      'font-family="sans-serif" font-size="11">', '<rect width="100%" height="100%" fill="white"/>',
                      f'<text x="{left}" y="18" font-size="14">{title}</text>', *elements, "</svg>", ""])
