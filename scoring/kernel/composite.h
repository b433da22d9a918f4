/* The composite: probability and outlier score of rows, and what thresholds say of them. */
#ifndef SCORING_COMPOSITE_H
#define SCORING_COMPOSITE_H

#include "forest.h"

#define GROUPS 16    /* of eight rows that go through the trees together: so many stay in the fastest cache */
#define FEW 4        /* so many rows or fewer are scored one by one */
#define HELD_ROWS 64 /* more rows than this are scored while other threads run */

typedef struct {
    PyObject_HEAD
    Forest margin, outlier;
    Py_ssize_t width;
    double *slope, *fill; /* of the linear part, which few models have: NULL when there is none */
} Composite;

/* e to the power of x, within 2e-16 of it relatively; the same bits wherever it is computed. */
static inline double power_of_e(double x)
{
    const double whole = 6755399441055744.0; /* 1.5 * 2^52: what is added to it is rounded */
    x = x > 708.0 ? 708.0 : x < -708.0 ? -708.0 : x;
    double shifted = x * 1.4426950408889634074 + whole, count = shifted - whole;
    double rest = (x - count * 6.93147180369123816490e-01) - count * 1.90821492927058770002e-10;
    static const double factor[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
                                    1.0 / 362880.0,     1.0 / 40320.0,     1.0 / 5040.0,     1.0 / 720.0,
                                    1.0 / 120.0,        1.0 / 24.0,        1.0 / 6.0,        0.5, 1.0, 1.0};
    double sum = factor[0];
    for (size_t place = 1; place < sizeof factor / sizeof *factor; place++)
        sum = sum * rest + factor[place];
    union {
        uint64_t bits;
        double value;
    } scale = {(uint64_t)((int64_t)count + 1023) << 52};
    return sum * scale.value;
}

static inline double linear_part(const Composite *own, const float *row)
{
    double sum = 0.0;
    for (Py_ssize_t feature = 0; feature < own->width; feature++) {
        double value = (double)row[feature];
        sum += (value != value ? own->fill[feature] : value) * own->slope[feature];
    }
    return sum;
}

static inline void answer_row(const Composite *own, const float *row, double margin, double exponent,
                              float *probability, float *score)
{
    if (own->slope != NULL)
        margin += linear_part(own, row);
    *probability = (float)(1.0 / (1.0 + power_of_e(-margin)));
    *score = (float)power_of_e(exponent);
}

static inline int has_missing(const float *row, Py_ssize_t width)
{
    int missing = 0;
    for (Py_ssize_t feature = 0; feature < width; feature++)
        missing |= row[feature] != row[feature];
    return missing;
}

static void composite_one(const Composite *own, const float *row, float *probability, float *score)
{
    if (has_missing(row, own->width))
        answer_row(own, row, forest_with_missing(&own->margin, row), forest_with_missing(&own->outlier, row),
                   probability, score);
    else
        answer_row(own, row, forest_one(&own->margin, row), forest_one(&own->outlier, row), probability, score);
}

/* The rows of at most GROUPS groups; `columns` has room for them. Places behind the last row are zeros. */
static void composite_groups(const Composite *own, const float *rows, Py_ssize_t count, Floats *columns,
                             float *probability, float *score)
{
    size_t width = (size_t)own->width, groups = ((size_t)count + LANES - 1) / LANES;
    double margins[GROUPS][SUMS][LANES], exponents[GROUPS][SUMS][LANES];
    float *cell = (float *)columns;
    for (size_t group = 0; group < groups; group++)
        for (size_t lane = 0; lane < LANES; lane++) {
            size_t row = group * LANES + lane;
            for (size_t feature = 0; feature < width; feature++)
                cell[(group * width + feature) * LANES + lane]
                    = row < (size_t)count ? rows[row * width + feature] : 0.0f;
        }
    for (size_t group = 0; group < groups; group++)
        for (int number = 0; number < SUMS; number++)
            for (int lane = 0; lane < LANES; lane++)
                margins[group][number][lane] = exponents[group][number][lane] = 0.0;
    forest_many(&own->margin, columns, groups, width, margins);
    forest_many(&own->outlier, columns, groups, width, exponents);
    for (Py_ssize_t row = 0; row < count; row++) {
        const float *values = rows + row * own->width;
        if (has_missing(values, own->width)) {
            composite_one(own, values, probability + row, score + row);
            continue;
        }
        size_t group = (size_t)row / LANES, lane = (size_t)row % LANES;
        double margin[SUMS], exponent[SUMS];
        for (int number = 0; number < SUMS; number++) {
            margin[number] = margins[group][number][lane];
            exponent[number] = exponents[group][number][lane];
        }
        answer_row(own, values, forest_sum(&own->margin, margin), forest_sum(&own->outlier, exponent),
                   probability + row, score + row);
    }
}

/* The rows that are `count`; `columns` has room for GROUPS groups when they are more than FEW. */
static void composite_rows(const Composite *own, const float *rows, Py_ssize_t count, Floats *columns,
                           float *probability, float *score)
{
    Py_ssize_t done = 0;
    while (count - done > FEW) {
        Py_ssize_t next = count - done < GROUPS * LANES ? count - done : GROUPS * LANES;
        if (next % LANES && next % LANES <= FEW && next > LANES)
            next -= next % LANES;
        composite_groups(own, rows + done * own->width, next, columns, probability + done, score + done);
        done += next;
    }
    for (; done < count; done++)
        composite_one(own, rows + done * own->width, probability + done, score + done);
}

/* As composite_rows, with its own memory; 0 with an error set when there is none. */
static int composite_answer(const Composite *own, const float *rows, Py_ssize_t count, float *probability,
                            float *score)
{
    Floats *columns = NULL;
    void *memory = NULL;
    if (count > FEW) {
        memory = PyMem_Malloc(GROUPS * (size_t)own->width * sizeof(Floats) + sizeof(Floats));
        if (memory == NULL)
            return PyErr_NoMemory() != NULL;
        columns = (Floats *)(((uintptr_t)memory + sizeof(Floats) - 1) & ~(uintptr_t)(sizeof(Floats) - 1));
    }
    if (count > HELD_ROWS) {
        Py_BEGIN_ALLOW_THREADS
        composite_rows(own, rows, count, columns, probability, score);
        Py_END_ALLOW_THREADS
    } else
        composite_rows(own, rows, count, columns, probability, score);
    PyMem_Free(memory);
    return 1;
}

static void composite_free(Composite *own)
{
    PyTypeObject *type = Py_TYPE((PyObject *)own);
    forest_clear(&own->margin);
    forest_clear(&own->outlier);
    PyMem_Free(own->slope);
    PyMem_Free(own->fill);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(own);
    Py_DECREF(type);
}

/* Make a forest of (feature, threshold, left, right, missing_left, value, first, base). */
static int forest_from(Forest *forest, PyObject *parts, Py_ssize_t width)
{
    static const char formats[] = {'i', 'f', 'i', 'i', 'B', 'f', 'i'};
    enum { ARRAYS = sizeof formats };
    PyObject *object[ARRAYS];
    Py_buffer view[ARRAYS];
    double base;
    if (!PyArg_ParseTuple(parts, "OOOOOOOd", object, object + 1, object + 2, object + 3, object + 4, object + 5,
                          object + 6, &base))
        return 0;
    int held = 0, made = 0;
    for (; held < ARRAYS; held++)
        if (!view_of(object[held], view + held, formats[held], formats[held] == 'B' ? 1 : 4, 0))
            break;
    if (held == ARRAYS) {
        Py_ssize_t nodes = view[0].len / 4, trees = view[6].len / 4 - 1;
        int equal = view[4].len == nodes;
        for (int number = 1; number < ARRAYS - 1; number++)
            equal = equal && view[number].len / view[number].itemsize == nodes;
        if (!equal)
            PyErr_SetString(PyExc_ValueError, "the arrays of nodes have different lengths");
        else {
            Source source = {view[0].buf, view[2].buf, view[3].buf, view[6].buf, view[1].buf,
                             view[5].buf, view[4].buf, nodes,       trees};
            made = forest_make(forest, &source, width, base);
        }
    }
    while (held-- > 0)
        PyBuffer_Release(view + held);
    return made;
}

static double *copied(PyObject *object, Py_ssize_t width)
{
    Py_buffer view;
    if (!view_of(object, &view, 'd', sizeof(double), 0))
        return NULL;
    double *made = NULL;
    if (view.len != width * (Py_ssize_t)sizeof(double))
        PyErr_Format(PyExc_ValueError, "the linear part is not over %zd features", width);
    else if ((made = PyMem_Malloc((size_t)view.len)) == NULL)
        PyErr_NoMemory();
    else
        for (Py_ssize_t feature = 0; feature < width; feature++)
            made[feature] = ((const double *)view.buf)[feature];
    PyBuffer_Release(&view);
    return made;
}

static PyObject *composite_new(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    Py_ssize_t width;
    PyObject *margin, *outlier, *slope, *fill;
    (void)names;
    if (!PyArg_ParseTuple(arguments, "nO!O!OO", &width, &PyTuple_Type, &margin, &PyTuple_Type, &outlier, &slope,
                          &fill))
        return NULL;
    if (width < 1 || width > FEATURES_MOST)
        return PyErr_Format(PyExc_ValueError, "a row has 1 to %d features, not %zd", FEATURES_MOST, width);
    Composite *own = (Composite *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (own == NULL)
        return NULL;
    own->width = width;
    int made = forest_from(&own->margin, margin, width) && forest_from(&own->outlier, outlier, width);
    if (made && slope != Py_None)
        made = (own->slope = copied(slope, width)) && (own->fill = copied(fill, width));
    if (made)
        return (PyObject *)own;
    Py_DECREF((PyObject *)own);
    return NULL;
}

PyDoc_STRVAR(run_doc, "run(matrix, probability, outlier_score): score float32 rows into two float32 arrays");

static PyObject *composite_run(Composite *own, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer matrix, probability, score;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "run() takes 3 arguments, not %zd", count);
    if (!matrix_of(arguments[0], &matrix, own->width, 0))
        return NULL;
    PyObject *result = NULL;
    if (view_of(arguments[1], &probability, 'f', sizeof(float), PyBUF_WRITABLE)) {
        if (view_of(arguments[2], &score, 'f', sizeof(float), PyBUF_WRITABLE)) {
            Py_ssize_t rows = matrix.shape[0], size = rows * (Py_ssize_t)sizeof(float);
            if (probability.len != size || score.len != size)
                PyErr_Format(PyExc_ValueError, "the answers have not one place for each of %zd rows", rows);
            else if (composite_answer(own, matrix.buf, rows, probability.buf, score.buf))
                result = Py_NewRef(Py_None);
            PyBuffer_Release(&score);
        }
        PyBuffer_Release(&probability);
    }
    PyBuffer_Release(&matrix);
    return result;
}

/* Rounded to seven digits as numpy does it: to the nearest, of two equally near to the even one. */
static inline double rounded(float value)
{
    const double whole = 4503599627370496.0; /* 2^52 */
    return (((double)value * 1e7 + whole) - whole) / 1e7;
}

/* Four lists: rounded probabilities, labels, rounded outlier scores, flags. */
static PyObject *judgements(const float *probability, const float *score, Py_ssize_t rows, double decision,
                            double outlier)
{
    PyObject *result = PyTuple_New(4), *zero = PyLong_FromLong(0), *one = PyLong_FromLong(1), *list[4] = {0};
    int made = result && zero && one;
    for (int number = 0; number < 4 && made; number++) {
        made = (list[number] = PyList_New(rows)) != NULL;
        if (made)
            PyTuple_SetItem(result, number, list[number]);
    }
    for (Py_ssize_t row = 0; row < rows && made; row++) {
        PyObject *first = PyFloat_FromDouble(rounded(probability[row]));
        PyObject *second = PyFloat_FromDouble(rounded(score[row]));
        made = first && second;
        PyList_SetItem(list[0], row, first);
        PyList_SetItem(list[1], row, Py_NewRef((double)probability[row] >= decision ? one : zero));
        PyList_SetItem(list[2], row, second);
        PyList_SetItem(list[3], row, Py_NewRef((double)score[row] > outlier ? Py_True : Py_False));
    }
    Py_XDECREF(zero);
    Py_XDECREF(one);
    if (made)
        return result;
    Py_XDECREF(result);
    return NULL;
}

PyDoc_STRVAR(judge_doc,
             "judge(matrix, decision, outlier): of each row the probability and the outlier score, both rounded "
             "to seven digits, whether the first is at least `decision` (1 or 0), the second above `outlier`");

static PyObject *composite_judge(Composite *own, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer matrix;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "judge() takes 3 arguments, not %zd", count);
    double decision = PyFloat_AsDouble(arguments[1]), outlier = PyFloat_AsDouble(arguments[2]);
    if (PyErr_Occurred() || !matrix_of(arguments[0], &matrix, own->width, 0))
        return NULL;
    Py_ssize_t rows = matrix.shape[0];
    float few[2 * HELD_ROWS], *answers = few;
    if (rows > HELD_ROWS)
        answers = PyMem_Malloc(2 * (size_t)rows * sizeof(float));
    PyObject *result = NULL;
    if (answers == NULL)
        PyErr_NoMemory();
    else if (composite_answer(own, matrix.buf, rows, answers, answers + rows))
        result = judgements(answers, answers + rows, rows, decision, outlier);
    if (answers != few)
        PyMem_Free(answers);
    PyBuffer_Release(&matrix);
    return result;
}

static PyMethodDef composite_methods[] = {
    {"run", (PyCFunction)(void (*)(void))composite_run, METH_FASTCALL, run_doc},
    {"judge", (PyCFunction)(void (*)(void))composite_judge, METH_FASTCALL, judge_doc},
    {NULL, NULL, 0, NULL},
};
PyDoc_STRVAR(composite_doc, "Composite(width, margin, outlier, slope, fill): the model; see scoring.model.graph");
static PyType_Slot composite_slots[] = {
    {Py_tp_new, composite_new},
    {Py_tp_dealloc, composite_free},
    {Py_tp_methods, composite_methods},
    {Py_tp_doc, (void *)composite_doc},
    {0, NULL},
};
static PyType_Spec composite_type = {"scoring_kernel.Composite", sizeof(Composite), 0, Py_TPFLAGS_DEFAULT,
                                     composite_slots};

#endif
