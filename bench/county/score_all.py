#!/usr/bin/env python3
"""python score_all.py DIR OUT [--answers FILE] [--asked OUT0] [--show N]
DIR: a folder that generate.py wrote. OUT: what `link --data DIR --out OUT` wrote.
Scores links, asks, clusters, grids and clues against the truth, each where its file is there.
--answers FILE  writes what people would say to OUT/asks.csv, to be given to a second run
--asked OUT0    the run whose asks were answered: links are those of OUT0 and its answers
--show N        prints N wrong or missed rows of each kind"""
import argparse, collections, csv, json, os
from score import clusters, evaluate, load_links, load_truth, prf


def rows(*path):
    name = os.path.join(*path)
    if not os.path.exists(name):
        return []
    with open(name, encoding="utf-8") as f:
        return list(csv.DictReader(f))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("data")
    ap.add_argument("out")
    ap.add_argument("--answers")
    ap.add_argument("--asked")
    ap.add_argument("--show", type=int, default=0)
    a = ap.parse_args()
    ent, lab = load_truth(a.data)
    roster = {}
    for (s, r), e in sorted(ent.items()):
        if s == "roster":
            roster.setdefault(e, r)
    total = sum(1 for s, _ in ent if s != "roster")
    links = load_links(os.path.join(a.out, "links.csv"))
    res, bad, seen = evaluate(ent, links)
    print("LINKED", json.dumps(res["ALL"]))
    asks = rows(a.out, "asks.csv")
    good = new = 0
    why, why_good = collections.Counter(), collections.Counter()
    for x in asks:
        e = ent[(x["source"], x["record_id"])]
        assert (x["source"], x["record_id"]) not in seen, "linked and asked"
        shown = [c for c in x["candidates"].split("|") if c]
        assert len(shown) <= 3
        hit = any(ent[("roster", c)] == e for c in shown)
        why[x.get("why", "")] += 1
        why_good[x.get("why", "")] += hit
        good += hit
        new += e not in roster
    known = len(asks) - new
    print("ASKS", json.dumps(dict(n=len(asks), share=round(len(asks) / total, 5), right=good, nobody=new,
          right_of_all=round(good / max(1, len(asks)), 5), right_of_known=round(good / max(1, known), 5),
          right_or_nobody=round((good + new) / max(1, len(asks)), 5))))
    print("  ", {k: (why_good[k], n) for k, n in why.items()})
    answered = [(x["source"], x["record_id"], roster.get(ent[(x["source"], x["record_id"])], "")) for x in asks]
    after, _, seen2 = evaluate(ent, links + [(s, r, q, 0, 0) for s, r, q in answered if q])
    print("ANSWERED", json.dumps(after["ALL"]))
    if a.answers:
        with open(a.answers, "w", encoding="utf-8", newline="") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(["source", "record_id", "roster_id"])
            w.writerows(answered)
    if os.path.exists(os.path.join(a.out, "clusters.csv")):
        print("CLUSTERS", json.dumps(clusters(ent, os.path.join(a.out, "clusters.csv"))))
    truth = {(x["source"], x["record_id"]): x["grid_id"] for x in rows(a.data, "truth_grid.csv")}
    grids = {(x["source"], x["record_id"]): x["grid_id"] for x in rows(a.out, "grids.csv")}
    if grids:
        right = sum(grids.get(k) == g for k, g in truth.items())
        wrong = sum(k in grids and grids[k] != g for k, g in truth.items())
        print("GRIDS", json.dumps(dict(n=len(truth), right=right, share=round(right / len(truth), 5), wrong=wrong,
              unsaid=len(truth) - right - wrong)))
    clues = rows(a.out, "clues.csv")
    if clues:
        by_id = {r: e for (_, r), e in ent.items()}
        want = collections.defaultdict(set)
        for x in rows(a.data, "truth_rules.csv"):
            want[x["rule"]].add(x["entity_id"])
        have = collections.defaultdict(set)
        for x in clues:
            es = collections.Counter(by_id[r] for r in x["record_ids"].split("|") if r)
            if es:
                have[x["rule"]].add(es.most_common(1)[0][0])
        n = collections.Counter()
        for rule in sorted(want):
            tp = len(want[rule] & have[rule])
            print("  RULE", rule, json.dumps(prf(tp, len(have[rule]), len(want[rule]))))
            for e in sorted(have[rule] - want[rule])[:a.show if "roster" in rule or "aged" in rule else 0]:
                print("   FALSE", rule, [(k, lab[k]) for k, x in ent.items() if x == e])
            n.update(tp=tp, have=len(have[rule]), want=len(want[rule]))
        print("RULES", json.dumps(prf(n["tp"], n["have"], n["want"])), "others:", sorted(set(have) - set(want)))
    if a.show:
        def row_of(s, r):
            if s not in cache:
                cache[s] = {x["记录号"]: x for x in rows(a.data, s + ".csv")}
            return list(cache[s][r].values())
        cache = {}
        for s, r, q, w, m in bad[:a.show]:
            print("WRONG", w, m, lab[(s, r)], *row_of(s, r), "\n   said", *row_of("roster", q), "\n   true",
                  *(row_of("roster", roster[ent[(s, r)]]) if ent[(s, r)] in roster else ["nobody"]))
        missed = [k for k, e in ent.items() if k[0] != "roster" and e in roster and k not in seen2]
        print("missed labels", collections.Counter(t for k in missed for t in (lab[k] or "clean").split("|")).most_common(12),
              collections.Counter(k[0] for k in missed))
        for s, r in missed[:a.show]:
            print("MISSED", lab[(s, r)], *row_of(s, r), "\n   true", *row_of("roster", roster[ent[(s, r)]]))
        for x in asks:
            k = (x["source"], x["record_id"])
            if ent[k] in roster and not any(ent[("roster", c)] == ent[k] for c in x["candidates"].split("|")):
                print("NOT SHOWN", x["why"], lab[k], *row_of(*k), "\n   true", *row_of("roster", roster[ent[k]]))
        for x in [x for x in asks if ent[(x["source"], x["record_id"])] not in roster][:a.show]:
            print("NOBODY", x["why"], lab[(x["source"], x["record_id"])], *row_of(x["source"], x["record_id"]))
            for c in x["candidates"].split("|"):
                print("   shown", *row_of("roster", c))


if __name__ == "__main__":
    main()
