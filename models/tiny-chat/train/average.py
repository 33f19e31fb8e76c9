"""
The weighted mean of a run's weights at several times: where the rate has not fallen yet, it is better than each of them.

  python average.py run/model.npz run/before.npz:0.2 run/half.npz:0.3 run/end.npz:0.5
"""

import sys

from train import load, save


def main():
    target, *parts = sys.argv[1:]
    total, mean = 0.0, {}
    for part in parts:
        path, _, share = part.rpartition(":")
        saved = load(path)
        total += float(share)
        for name, values in saved["params"].items():
            mean[name] = mean.get(name, 0) + float(share) * values
    save(target, params={name: values / total for name, values in mean.items()}, meta=saved["meta"])
    print(f"{target}: mean of {len(parts)}")


if __name__ == "__main__":
    main()
