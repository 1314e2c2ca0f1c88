#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py RESULTS.csv NOTES MACHINE DIRECTORY [RESULTS.md]

Medians, spread and ratios of the recorded values: a Markdown table on standard output and in
DIRECTORY/tables.md, DIRECTORY/summary.csv, and DIRECTORY/FIGURE.svg for each figure. In RESULTS.md the text
between "<!-- FIGURE -->" and "<!-- end -->" becomes that figure's table; the other text stays.
"""
import csv
import html
import math
import re
import sys

TITLES = {
    'open': 'Knock to open',
    'behind': 'Connect right behind',
    'hits': 'Hits per second',
    'attempts': 'Cost of a hit as attempts grow',
    'matcher': 'The matcher alone',
    'flood': 'Legitimate knocks in a flood',
    'grants': 'Grants per second',
    'doors': 'Doors',
    'idle': 'Unrelated traffic',
    'used': 'Traffic of an access',
    'memory': 'Memory',
    'size': 'Size',
    'signed': 'Signed knocks',
    'share': 'Gateways that share accesses',
    'share_rate': 'Ten thousand grants a second on three gateways',
    'courier': 'Records between gateways',
}
OURS = 'knockd-nft'


class Series:
    """The values of one variant in one case of a figure."""

    def __init__(self, figure, variant, case, unit):
        self.figure, self.variant, self.case, self.unit = figure, variant, case, unit
        self.values, self.lost = [], 0

    def add(self, text):
        if text == 'lost':
            self.lost += 1
        else:
            self.values.append(float(text))

    def finish(self):
        self.values.sort()
        n = len(self.values)
        self.median = (self.values[(n - 1) // 2] + self.values[n // 2]) / 2 if n else math.nan
        edge = n // 20
        self.low, self.high = (self.values[edge], self.values[-1 - edge]) if n else (math.nan, math.nan)


def read(path):
    series = {}
    with open(path, newline='') as file:
        for *key, value in csv.reader(file):
            series.setdefault(tuple(key), Series(*key)).add(value)
    for one in series.values():
        one.finish()
    return list(series.values())


def number(value):
    if math.isnan(value):
        return '-'
    if value and abs(value) < 10:
        return f'{value:.2f}'
    return f'{value:,.0f}' if abs(value) >= 100 else f'{value:.1f}'


def spread(one):
    return number(one.low) if one.low == one.high else f'{number(one.low)} – {number(one.high)}'


def ratio(one, series):
    """The variant's median as a multiple of ours in the same case."""
    for other in series:
        if (other.figure, other.case, other.unit, other.variant) == (one.figure, one.case, one.unit, OURS):
            if other is not one and other.median and one.median:
                return f'{number(one.median / other.median)} ×'
    return ''


def runs(one):
    return f'{len(one.values) + one.lost}' + (f' ({one.lost} lost)' if one.lost else '')


def table(figure, series, notes):
    rows = [one for one in series if one.figure == figure]
    lines = ['| | | median | unit | spread | runs | ours = 1 |', '|---|---|---:|---|---|---:|---:|']
    for case in dict.fromkeys((one.case, one.unit) for one in rows):
        for one in rows:
            if (one.case, one.unit) == case:
                cells = (one.case, one.variant, number(one.median), one.unit, spread(one), runs(one),
                         ratio(one, series))
                lines.append('| ' + ' | '.join(cells) + ' |')
    told = dict.fromkeys(text for of, text in notes if of == figure)
    return '\n'.join(lines + [''] * bool(told) + [f'- {text}' for text in told])


def plot(figure, series):
    """A bar for each median, a line for the spread; logarithmic where it covers more than two decades."""
    rows = [one for one in series if one.figure == figure and not math.isnan(one.median)]
    out, y = [], 30
    for case, unit in dict.fromkeys((one.case, one.unit) for one in rows):
        group = [one for one in rows if (one.case, one.unit) == (case, unit)]
        top = max(one.high for one in group) or 1
        least = min([one.low for one in group if one.low > 0] or [top])
        decades = math.log10(top / least) + 1 if top / least > 100 else 0

        def x(value):
            share = value / top
            if decades:
                share = max(0, 1 + math.log10(share) / decades) if share > 0 else 0
            return 230 + 430 * share

        scale = ', logarithmic' if decades else ''
        out.append(f'<text x="10" y="{y}" font-weight="bold">{html.escape(case)} ({html.escape(unit)}{scale})</text>')
        for one in group:
            y += 20
            color = '#2a6f97' if one.variant.startswith(OURS) else '#a9a9a9'
            middle = y - 4
            out.append(f'<text x="220" y="{y}" text-anchor="end">{html.escape(one.variant)}</text>'
                       f'<rect x="230" y="{y - 11}" width="{x(one.median) - 230:.1f}" height="14" fill="{color}"/>'
                       f'<path d="M{x(one.low):.1f} {middle}H{x(one.high):.1f}" stroke="black"/>'
                       f'<text x="670" y="{y}">{number(one.median)}</text>')
        y += 30
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{y}" font-family="sans-serif" '
            f'font-size="12"><title>{TITLES[figure]}</title><rect width="100%" height="100%" fill="white"/>')
    return '\n'.join([head] + out + ['</svg>', ''])


def update(path, parts):
    with open(path) as file:
        text = file.read()
    for name, part in parts.items():
        text = re.sub(f'<!-- {name} -->.*?<!-- end -->', lambda _: f'<!-- {name} -->\n{part}\n<!-- end -->', text,
                      flags=re.S)
    with open(path, 'w') as file:
        file.write(text)


def main():
    results, notes_path, machine_path, directory = sys.argv[1:5]
    series = read(results)
    with open(notes_path) as file:
        notes = [line.rstrip('\n').split('\t', 1) for line in file]
    with open(machine_path) as file:
        parts = {'machine': file.read().rstrip('\n')}
    figures = [figure for figure in TITLES if any(one.figure == figure for one in series)]
    parts.update((figure, table(figure, series, notes)) for figure in figures)
    whole = '\n\n'.join([parts['machine']] + [f'## {TITLES[figure]}\n\n{parts[figure]}' for figure in figures])
    print(whole)
    with open(f'{directory}/tables.md', 'w') as file:
        file.write(whole + '\n')
    with open(f'{directory}/summary.csv', 'w', newline='') as file:
        out = csv.writer(file)
        out.writerow(('figure', 'variant', 'case', 'unit', 'runs', 'lost', 'median', 'low', 'high'))
        out.writerows((one.figure, one.variant, one.case, one.unit, len(one.values), one.lost, one.median, one.low,
                       one.high) for one in series)
    for figure in figures:
        with open(f'{directory}/{figure}.svg', 'w') as file:
            file.write(plot(figure, series))
    if len(sys.argv) > 5:
        update(sys.argv[5], parts)


main()
