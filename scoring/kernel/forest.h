/* A sum of trees. Any row gets the same sum, bit for bit, however many rows come with it: which leaf it reaches
   is exact, and the leaves are added in one order, in double precision. */
#ifndef SCORING_FOREST_H
#define SCORING_FOREST_H

#include "base.h"

#define TOP 4          /* levels of a tree of which all nodes are compared, for eight rows at once */
#define TOP_NODES 15   /* in the order of levels: the children of node n are 2n + 1 and 2n + 2 */
#define TOP_ENDS 16
#define DEPTH_MOST 4096
#define LANES 8
#define SUMS 4         /* of every fourth tree each, so that additions do not wait for one another */

/* A value goes right when it is above the threshold; the right child follows the left one. A leaf leads to
   itself: its threshold is infinite. */
typedef struct {
    float threshold;
    uint16_t feature, left;
} Node;

typedef struct {
    float threshold[TOP_NODES];
    uint16_t feature[TOP_NODES];
    uint16_t end[TOP_ENDS]; /* the node at which a row leaves the top */
    uint32_t first;         /* of the tree's nodes */
    uint16_t depth, top;    /* levels of comparisons in all, and in the top */
} Tree;

typedef struct {
    uint32_t trees, nodes;
    Tree *tree; /* by depth, so that neighbours take as many steps */
    Node *node;
    float *value;          /* of each node that is a leaf */
    uint8_t *missing_left; /* of each node: where a missing value goes */
    double base;
} Forest;

/* The trees as ONNX has them: of each node its feature (-1 for a leaf), threshold, children within its tree,
   whether a missing value goes left, and a leaf's value; first[t] is the root of tree t, first[trees] the end. */
typedef struct {
    const int32_t *feature, *left, *right, *first;
    const float *threshold, *value;
    const uint8_t *missing_left;
    Py_ssize_t nodes, trees;
} Source;

static void forest_clear(Forest *forest)
{
    PyMem_Free(forest->tree);
    PyMem_Free(forest->node);
    PyMem_Free(forest->value);
    PyMem_Free(forest->missing_left);
    *forest = (Forest){0};
}

/* Copy one tree, level by level. `order` and `level` have room for its nodes. 0 with an error set when the nodes
   are no tree over `width` features. */
static int forest_add(Forest *forest, Tree *tree, const Source *source, Py_ssize_t number, Py_ssize_t width,
                      uint32_t *order, uint16_t *level)
{
    int32_t begin = source->first[number], size = source->first[number + 1] - begin;
    uint32_t found = 1, at = forest->nodes;
    Node *node = forest->node + at;
    const char *wrong = NULL;
    order[0] = 0, level[0] = 0;
    tree->first = at, tree->depth = 0;
    for (uint32_t place = 0; place < found && wrong == NULL; place++) {
        int32_t from = begin + (int32_t)order[place], feature = source->feature[from];
        forest->missing_left[at + place] = feature < 0 || source->missing_left[from] != 0;
        forest->value[at + place] = feature < 0 ? source->value[from] : 0.0f;
        if (feature < 0) {
            node[place] = (Node){__builtin_inff(), 0, (uint16_t)place};
            continue;
        }
        int32_t left = source->left[from], right = source->right[from];
        if (feature >= width)
            wrong = "a feature beyond the row";
        else if (left <= 0 || right <= 0 || left >= size || right >= size)
            wrong = "a child beyond the tree";
        else if (found + 2 > (uint32_t)size)
            wrong = "a node with two parents";
        else if (source->threshold[from] != source->threshold[from])
            wrong = "a threshold that is no number";
        else if (level[place] + 1 > DEPTH_MOST)
            wrong = "more levels than are taken";
        if (wrong != NULL)
            break;
        node[place] = (Node){source->threshold[from], (uint16_t)feature, (uint16_t)found};
        level[found] = level[found + 1] = level[place] + 1;
        tree->depth = level[place] + 1;
        order[found++] = (uint32_t)left;
        order[found++] = (uint32_t)right;
    }
    if (wrong == NULL && found != (uint32_t)size)
        wrong = "nodes that no way leads to";
    if (wrong != NULL) {
        PyErr_Format(PyExc_ValueError, "tree %zd has %s", number, wrong);
        return 0;
    }
    forest->nodes += found;
    tree->top = tree->depth < TOP ? tree->depth : TOP;
    uint16_t reached[TOP_NODES + TOP_ENDS] = {0}; /* the node that stands at each place of the top */
    for (int place = 0; place < (1 << tree->top) - 1; place++) {
        uint16_t here = reached[place];
        int leaf = node[here].left == here;
        tree->threshold[place] = node[here].threshold;
        tree->feature[place] = node[here].feature;
        reached[2 * place + 1] = leaf ? here : node[here].left;
        reached[2 * place + 2] = leaf ? here : node[here].left + 1;
    }
    for (int end = 0; end < 1 << tree->top; end++)
        tree->end[end] = reached[(1 << tree->top) - 1 + end];
    return 1;
}

static int forest_check(const Source *source)
{
    if (source->trees < 1 || source->trees > UINT16_MAX || source->first[0] != 0
        || source->first[source->trees] != source->nodes)
        return 0;
    for (Py_ssize_t number = 0; number < source->trees; number++)
        if (source->first[number + 1] <= source->first[number]
            || source->first[number + 1] - source->first[number] > UINT16_MAX)
            return 0;
    return 1;
}

/* Make a forest of checked copies; 0 with an error set. */
static int forest_make(Forest *forest, const Source *source, Py_ssize_t width, double base)
{
    if (!forest_check(source)) {
        PyErr_SetString(PyExc_ValueError, "the trees do not part the nodes, or one has more than 65,535");
        return 0;
    }
    size_t nodes = (size_t)source->nodes, trees = (size_t)source->trees;
    forest->tree = PyMem_Calloc(trees, sizeof(Tree));
    forest->node = PyMem_Calloc(nodes, sizeof(Node));
    forest->value = PyMem_Calloc(nodes, sizeof(float));
    forest->missing_left = PyMem_Calloc(nodes, 1);
    uint32_t *order = PyMem_Calloc(nodes + 2, sizeof(uint32_t));
    uint16_t *level = PyMem_Calloc(nodes + 2, sizeof(uint16_t));
    int made = forest->tree && forest->node && forest->value && forest->missing_left && order && level;
    if (!made)
        PyErr_NoMemory();
    for (Py_ssize_t number = 0; made && number < source->trees; number++)
        made = forest_add(forest, forest->tree + number, source, number, width, order, level);
    PyMem_Free(order);
    PyMem_Free(level);
    if (!made) {
        forest_clear(forest);
        return 0;
    }
    forest->trees = (uint32_t)trees, forest->base = base;
    for (size_t next = 1; next < trees; next++) { /* insertion keeps trees of equal depth in their order */
        Tree moved = forest->tree[next];
        size_t place = next;
        for (; place > 0 && forest->tree[place - 1].depth > moved.depth; place--)
            forest->tree[place] = forest->tree[place - 1];
        forest->tree[place] = moved;
    }
    return 1;
}

static inline double forest_sum(const Forest *forest, const double *sums)
{
    return forest->base + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/* The sum of one row, whose values may be missing. */
static double forest_with_missing(const Forest *forest, const float *row)
{
    double sums[SUMS] = {0};
    for (uint32_t number = 0; number < forest->trees; number++) {
        const Tree *tree = forest->tree + number;
        const Node *node = forest->node + tree->first;
        const uint8_t *missing_left = forest->missing_left + tree->first;
        uint32_t at = 0;
        while (node[at].left != at) {
            float value = row[node[at].feature];
            int missing = value != value;
            at = node[at].left + (missing ? !missing_left[at] : value > node[at].threshold);
        }
        sums[number % SUMS] += (double)forest->value[tree->first + at];
    }
    return forest_sum(forest, sums);
}

/* The sum of one row without missing values: eight trees at once, so that none waits for its own memory. */
static double forest_one(const Forest *forest, const float *row)
{
    double sums[SUMS] = {0};
    uint32_t number = 0;
    for (; number + LANES <= forest->trees; number += LANES) {
        const Tree *tree = forest->tree + number;
        const Node *node = forest->node;
        uint32_t first[LANES], at[LANES];
#pragma GCC unroll 8
        for (int lane = 0; lane < LANES; lane++)
            at[lane] = first[lane] = tree[lane].first;
        for (uint32_t depth = tree[LANES - 1].depth; depth > 0; depth--)
#pragma GCC unroll 8
            for (int lane = 0; lane < LANES; lane++) {
                Node here = node[at[lane]];
                at[lane] = first[lane] + here.left + (row[here.feature] > here.threshold);
            }
#pragma GCC unroll 8
        for (int lane = 0; lane < LANES; lane++)
            sums[lane % SUMS] += (double)forest->value[at[lane]];
    }
    for (; number < forest->trees; number++) {
        const Tree *tree = forest->tree + number;
        const Node *node = forest->node + tree->first;
        uint32_t at = 0;
        for (uint32_t depth = tree->depth; depth > 0; depth--)
            at = node[at].left + (row[node[at].feature] > node[at].threshold);
        sums[number % SUMS] += (double)forest->value[tree->first + at];
    }
    return forest_sum(forest, sums);
}

static inline Masks chosen(Masks which, Masks yes, Masks no) { return (which & yes) | (~which & no); }

#define ABOVE(node) (column[feature[node]] > threshold[node])
#define OF_2(bit, node) chosen(bit, ABOVE((node) + 1), ABOVE(node))
#define OF_4(bit, next, node) chosen(bit, OF_2(next, (node) + 2), OF_2(next, node))
#define OF_8(bit, next, last, node) chosen(bit, OF_4(next, last, (node) + 4), OF_4(next, last, node))

/* At which end of the top each of eight rows is: column[f] holds their values of feature f. */
static inline Masks top_ends(const Tree *tree, const Floats *column)
{
    const float *threshold = tree->threshold;
    const uint16_t *feature = tree->feature;
    Masks none = {0};
    if (tree->top == 0)
        return none;
    Masks first = ABOVE(0);
    if (tree->top == 1)
        return first & 1;
    Masks second = OF_2(first, 1);
    if (tree->top == 2)
        return (first & 2) | (second & 1);
    Masks third = OF_4(first, second, 3);
    if (tree->top == 3)
        return (first & 4) | (second & 2) | (third & 1);
    Masks fourth = OF_8(first, second, third, 7);
    return (first & 8) | (second & 4) | (third & 2) | (fourth & 1);
}

/* Add each tree's leaves to the sums [groups][SUMS][LANES] of groups of eight rows without missing values;
   columns: [groups][width]. */
static void forest_many(const Forest *forest, const Floats *columns, size_t groups, size_t width,
                        double (*sums)[SUMS][LANES])
{
    for (uint32_t number = 0; number < forest->trees; number++) {
        const Tree *tree = forest->tree + number;
        const Node *node = forest->node + tree->first;
        const float *value = forest->value + tree->first;
        for (size_t group = 0; group < groups; group++) {
            const Floats *column = columns + group * width;
            const float *cell = (const float *)column;
            double *sum = sums[group][number % SUMS];
            Masks end = top_ends(tree, column);
            uint32_t at[LANES];
#pragma GCC unroll 8
            for (int lane = 0; lane < LANES; lane++)
                at[lane] = tree->end[end[lane]];
            for (uint32_t depth = tree->top; depth < tree->depth; depth++)
#pragma GCC unroll 8
                for (int lane = 0; lane < LANES; lane++) {
                    Node here = node[at[lane]];
                    at[lane] = here.left + (cell[here.feature * LANES + lane] > here.threshold);
                }
#pragma GCC unroll 8
            for (int lane = 0; lane < LANES; lane++)
                sum[lane] += (double)value[at[lane]];
        }
    }
}

#endif
