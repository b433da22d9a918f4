"""Our sums of trees in the forms that the libraries read: LightGBM's text, and Yggdrasil's trees."""

from __future__ import annotations

from typing import Any

import numpy as np

from scoring.model.graph import Ensemble

END = "end of trees\n\nfeature_importances:\n\nparameters:\n\nend of parameters\n\npandas_categorical:null\n"
ABOVE_ZERO = 1e-300  # in place of 0, which lleaves takes for no threshold; no float32 lies between
NAN_RIGHT, NAN_LEFT = 8, 10  # LightGBM's decision types: by <=, missing is NaN


def lightgbm_text(forest: Ensemble, width: int) -> str:
    """A model of LightGBM's text format whose raw score is the forest's sum less its base."""
    parts = [_lightgbm_tree(forest, number) for number in range(len(forest.first) - 1)]
    names = " ".join(f"f{number}" for number in range(width))
    head = [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={width - 1}",
        "objective=regression",
        f"feature_names={names}",
        f"feature_infos={' '.join(['[-1e30:1e30]'] * width)}",
        f"tree_sizes={' '.join(str(len(part)) for part in parts)}",
        "",
        "",
    ]
    return "\n".join(head) + "".join(parts) + END


def _lightgbm_tree(forest: Ensemble, number: int) -> str:
    part = slice(forest.first[number], forest.first[number + 1])
    feature, value = forest.feature[part], forest.value[part]
    split = np.flatnonzero(feature >= 0)
    leaf = np.flatnonzero(feature < 0)
    place = np.zeros(feature.size, dtype=int)
    place[split], place[leaf] = np.arange(split.size), ~np.arange(leaf.size)
    missing = np.where(forest.missing_left[part][split], NAN_LEFT, NAN_RIGHT)
    lists: dict[str, Any] = {
        "split_feature": feature[split],
        "split_gain": np.ones(split.size, int),
        "threshold": [repr(float(one) or ABOVE_ZERO) for one in forest.threshold[part][split]],
        "decision_type": missing,
        "left_child": place[forest.left[part][split]],
        "right_child": place[forest.right[part][split]],
        "leaf_value": [repr(float(one)) for one in value[leaf]],
        "leaf_weight": np.ones(leaf.size, int),
        "leaf_count": np.ones(leaf.size, int),
        "internal_value": np.zeros(split.size, int),
        "internal_weight": np.ones(split.size, int),
        "internal_count": np.ones(split.size, int),
    }
    lines = [f"Tree={number}", f"num_leaves={leaf.size}", "num_cat=0"]
    lines += [f"{name}={' '.join(map(str, values))}" for name, values in lists.items()]
    return "\n".join([*lines, "is_linear=0", "shrinkage=1", "", "", ""])


def ydf_model(forest: Ensemble, width: int) -> Any:
    """A model of Yggdrasil whose answers are the forest's sums less its base."""
    import ydf

    random = np.random.default_rng(0)
    table = {f"f{number}": random.normal(size=64).astype(np.float32) for number in range(width)}
    table["label"] = random.normal(size=64).astype(np.float32)
    learner = ydf.GradientBoostedTreesLearner(
        label="label",
        task=ydf.Task.REGRESSION,
        num_trees=1,
        validation_ratio=0.0,
        features=[f"f{number}" for number in range(width)],
    )
    model = learner.train(table, verbose=0)
    names = model.input_feature_names()
    columns = {name: model.input_features_col_idxs()[at] for at, name in enumerate(names)}
    model.set_initial_predictions([0.0])
    while model.num_trees():
        model.remove_tree(0)

    def node(at: int, begin: int) -> Any:
        here = begin + at
        feature = int(forest.feature[here])
        if feature < 0:
            return ydf.tree.Leaf(
                value=ydf.tree.RegressionValue(num_examples=1, value=float(forest.value[here]))
            )
        above = float(np.nextafter(forest.threshold[here], np.float32(np.inf)))
        return ydf.tree.NonLeaf(
            condition=ydf.tree.NumericalHigherThanCondition(
                missing=not forest.missing_left[here],
                score=1.0,
                threshold=above,
                attribute=columns[f"f{feature}"],
            ),
            pos_child=node(int(forest.right[here]), begin),
            neg_child=node(int(forest.left[here]), begin),
        )

    for begin in forest.first[:-1]:
        model.add_tree(ydf.tree.Tree(root=node(0, int(begin))))
    return model
