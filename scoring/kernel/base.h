/* What all parts use: Python's stable interface, and nothing of a C library. */
#ifndef SCORING_BASE_H
#define SCORING_BASE_H

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>

#define FEATURES_MOST 4096  /* features of a row; what is copied for eight rows stays on the stack below */

/* Eight values at once; the compiler takes whatever vectors the processor level has. */
typedef float Floats __attribute__((vector_size(32)));
typedef int32_t Masks __attribute__((vector_size(32)));

/* A view of a C-contiguous array whose items have that format; 0 with an error set when it is none. */
static inline int view_of(PyObject *object, Py_buffer *view, char format, Py_ssize_t size, int flags)
{
    if (PyObject_GetBuffer(object, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags) < 0)
        return 0;
    if (view->itemsize == size && view->format != NULL && view->format[0] == format && view->format[1] == 0)
        return 1;
    PyErr_Format(PyExc_TypeError, "expected an array of format '%c', found '%s'", format,
                 view->format == NULL ? "B" : view->format);
    PyBuffer_Release(view);
    return 0;
}

/* A view of a float32 matrix [rows, width]; 0 with an error set when it is none. */
static inline int matrix_of(PyObject *object, Py_buffer *view, Py_ssize_t width, int flags)
{
    if (!view_of(object, view, 'f', sizeof(float), flags))
        return 0;
    if (view->ndim == 2 && view->shape[1] == width)
        return 1;
    PyErr_Format(PyExc_ValueError, "expected a matrix of %zd columns, found %d dimensions, the last of %zd",
                 width, view->ndim, view->ndim ? view->shape[view->ndim - 1] : (Py_ssize_t)0);
    PyBuffer_Release(view);
    return 0;
}

#endif
