/* The bin of each value, for drift: how many edges of its feature lie below it. */
#ifndef SCORING_BINS_H
#define SCORING_BINS_H

#include "base.h"

#define BINS_MOST 255

typedef struct {
    PyObject_HEAD
    Py_ssize_t width, places, bins;
    float *edge; /* [width][places]; behind a feature's last edge infinity, which no value exceeds */
} Bins;

static void bins_free(Bins *own)
{
    PyTypeObject *type = Py_TYPE((PyObject *)own);
    PyMem_Free(own->edge);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(own);
    Py_DECREF((PyObject *)type);
}

static PyObject *bins_new(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    PyObject *edges;
    Py_buffer view;
    (void)names;
    if (!PyArg_ParseTuple(arguments, "O", &edges) || !view_of(edges, &view, 'f', sizeof(float), 0))
        return NULL;
    Bins *own = NULL;
    if (view.ndim != 2 || view.shape[0] < 1 || view.shape[1] > BINS_MOST)
        PyErr_Format(PyExc_ValueError, "the edges are no matrix [features, at most %d]", BINS_MOST);
    else
        own = (Bins *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (own != NULL) {
        own->width = view.shape[0];
        own->bins = view.shape[1] + 1;
        own->places = (view.shape[1] + 7) / 8 * 8;
        size_t size = (size_t)(own->width * own->places);
        own->edge = PyMem_Malloc(size ? size * sizeof(float) : 1);
        if (own->edge == NULL) {
            PyErr_NoMemory();
            Py_DECREF((PyObject *)own);
            own = NULL;
        } else
            for (Py_ssize_t feature = 0; feature < own->width; feature++)
                for (Py_ssize_t place = 0; place < own->places; place++)
                    own->edge[feature * own->places + place]
                        = place < view.shape[1] ? ((const float *)view.buf)[feature * view.shape[1] + place]
                                                : __builtin_inff();
    }
    PyBuffer_Release(&view);
    return (PyObject *)own;
}

static inline int32_t bin_of(const float *edge, Py_ssize_t places, float value)
{
    int32_t below = 0;
    for (Py_ssize_t place = 0; place < places; place += 8)
        for (int next = 0; next < 8; next++)
            below += value > edge[place + next];
    return below;
}

PyDoc_STRVAR(count_doc, "count(matrix): the bins of a float32 matrix [rows, features], a byte each, row by row");

static PyObject *bins_count(Bins *own, PyObject *object)
{
    Py_buffer matrix;
    if (!matrix_of(object, &matrix, own->width, 0))
        return NULL;
    const float *value = matrix.buf;
    Py_ssize_t rows = matrix.shape[0];
    PyObject *result = PyBytes_FromStringAndSize(NULL, rows * own->width);
    if (result != NULL) {
        uint8_t *bin = (uint8_t *)PyBytes_AsString(result);
        for (Py_ssize_t row = 0; row < rows; row++)
            for (Py_ssize_t feature = 0; feature < own->width; feature++)
                *bin++ = (uint8_t)bin_of(own->edge + feature * own->places, own->places, *value++);
    }
    PyBuffer_Release(&matrix);
    return result;
}

PyDoc_STRVAR(tally_doc, "tally(matrix, counts): add to counts, int64 [features, bins], the rows of each bin; missing "
                        "values are in none");

static PyObject *bins_tally(Bins *own, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer matrix, counts;
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "tally() takes 2 arguments, not %zd", count);
    if (!matrix_of(arguments[0], &matrix, own->width, 0))
        return NULL;
    PyObject *result = NULL;
    if (view_of(arguments[1], &counts, 'l', sizeof(int64_t), PyBUF_WRITABLE)) {
        if (counts.ndim != 2 || counts.shape[0] != own->width || counts.shape[1] != own->bins)
            PyErr_Format(PyExc_ValueError, "the counts are no matrix [%zd, %zd]", own->width, own->bins);
        else {
            const float *value = matrix.buf;
            Py_ssize_t rows = matrix.shape[0];
            Py_BEGIN_ALLOW_THREADS
            for (Py_ssize_t row = 0; row < rows; row++) {
                int64_t *counted = counts.buf;
                for (Py_ssize_t feature = 0; feature < own->width; feature++, counted += own->bins, value++)
                    counted[bin_of(own->edge + feature * own->places, own->places, *value)] += *value == *value;
            }
            Py_END_ALLOW_THREADS
            result = Py_NewRef(Py_None);
        }
        PyBuffer_Release(&counts);
    }
    PyBuffer_Release(&matrix);
    return result;
}

static PyMethodDef bins_methods[] = {
    {"count", (PyCFunction)bins_count, METH_O, count_doc},
    {"tally", (PyCFunction)(void (*)(void))bins_tally, METH_FASTCALL, tally_doc},
    {NULL, NULL, 0, NULL},
};
PyDoc_STRVAR(bins_doc, "Bins(edges): counts values; edges float32 [features, bins - 1], ascending, then infinity");
static PyType_Slot bins_slots[] = {
    {Py_tp_new, bins_new},
    {Py_tp_dealloc, bins_free},
    {Py_tp_methods, bins_methods},
    {Py_tp_doc, (void *)bins_doc},
    {0, NULL},
};
static PyType_Spec bins_type = {"scoring_kernel.Bins", sizeof(Bins), 0, Py_TPFLAGS_DEFAULT, bins_slots};

#endif
