/* The two lists of an answer as JSON. */
#ifndef SCORING_ANSWER_H
#define SCORING_ANSWER_H

#include "base.h"

#define ROW_MOST 96 /* bytes that the answers of one row take, at most */

/* A multiple of 1e-7 from 0 to 1, as the shortest decimal that is read as the same number; NULL for another. */
static inline char *decimal(char *at, double value)
{
    double scaled = value * 1e7 + 0.5;
    if (!(value >= 0.0 && value <= 1.0))
        return NULL;
    uint32_t digits = (uint32_t)scaled;
    if ((double)digits / 1e7 != value)
        return NULL;
    *at++ = (char)('0' + digits / 10000000), *at++ = '.';
    digits %= 10000000;
    int last = 0;
    char part[7];
    for (int place = 6; place >= 0; place--, digits /= 10) {
        part[place] = (char)('0' + digits % 10);
        if (last == 0 && part[place] != '0')
            last = place;
    }
    for (int place = 0; place <= last; place++)
        *at++ = part[place];
    return at;
}

static inline char *text(char *at, const char *from)
{
    while (*from)
        *at++ = *from++;
    return at;
}

PyDoc_STRVAR(answered_doc, "answered(probabilities, labels, scores, flags): the JSON of a row's answers, "
                           "\"predictions\":[...],\"outliers\":[...], or None when a number is no multiple of 1e-7");

static PyObject *answered(PyObject *module, PyObject *const *list, Py_ssize_t count)
{
    (void)module;
    if (count != 4)
        return PyErr_Format(PyExc_TypeError, "answered() takes 4 lists, not %zd", count);
    for (int number = 0; number < 4; number++)
        if (!PyList_CheckExact(list[number]) || PyList_Size(list[number]) != PyList_Size(list[0]))
            return PyErr_Format(PyExc_TypeError, "answered() takes lists of one length");
    Py_ssize_t rows = PyList_Size(list[0]);
    char *begin = PyMem_Malloc((size_t)(rows + 1) * ROW_MOST), *at = begin;
    if (begin == NULL)
        return PyErr_NoMemory();
    at = text(at, "\"predictions\":[");
    for (Py_ssize_t row = 0; row < rows && at != NULL; row++) {
        at = decimal(text(at, "{\"probability\":"), PyFloat_AsDouble(PyList_GetItem(list[0], row)));
        if (at != NULL)
            at = text(at, PyLong_AsLong(PyList_GetItem(list[1], row)) == 1 ? ",\"label\":1}," : ",\"label\":0},");
    }
    if (at != NULL)
        at = text(at - (rows > 0), "],\"outliers\":[");
    for (Py_ssize_t row = 0; row < rows && at != NULL; row++) {
        at = decimal(text(at, "{\"score\":"), PyFloat_AsDouble(PyList_GetItem(list[2], row)));
        if (at != NULL)
            at = text(at, PyList_GetItem(list[3], row) == Py_True ? ",\"flag\":true}," : ",\"flag\":false},");
    }
    PyObject *result = NULL;
    if (PyErr_Occurred())
        ;
    else if (at == NULL)
        result = Py_NewRef(Py_None);
    else {
        at = text(at - (rows > 0), "]");
        result = PyBytes_FromStringAndSize(begin, at - begin);
    }
    PyMem_Free(begin);
    return result;
}

#endif
