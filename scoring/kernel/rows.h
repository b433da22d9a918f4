/* Rows of JSON values into a float32 matrix. The contract is scoring.model.columns': what is not accepted here is
   looked at again there, which says what is wrong with it, or accepts it after all. */
#ifndef SCORING_ROWS_H
#define SCORING_ROWS_H

#include "base.h"

typedef struct {
    PyObject *name;
    PyObject *codes; /* of a category: its values and their codes; NULL of a number */
    double low, high;
    long long least, most; /* the limits of an int */
    int integer;
    Py_ssize_t known; /* of a category: its numbers, ascending, and the codes of these; texts are in `codes` */
    double *category;
    float *code;
} Feature;

typedef struct {
    PyObject_HEAD
    Py_ssize_t width;
    Feature *feature;
} Rows;

static void rows_free(Rows *own)
{
    PyTypeObject *type = Py_TYPE((PyObject *)own);
    for (Py_ssize_t number = 0; own->feature != NULL && number < own->width; number++) {
        Py_XDECREF(own->feature[number].name);
        Py_XDECREF(own->feature[number].codes);
        PyMem_Free(own->feature[number].category);
        PyMem_Free(own->feature[number].code);
    }
    PyMem_Free(own->feature);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(own);
    Py_DECREF((PyObject *)type);
}

/* Find the numbers among a category's values; 0 with an error set. */
static int feature_numbers(Feature *feature)
{
    PyObject *value, *code;
    Py_ssize_t at = 0;
    size_t most = (size_t)PyDict_Size(feature->codes) + 1;
    feature->category = PyMem_Calloc(most, sizeof(double));
    feature->code = PyMem_Calloc(most, sizeof(float));
    if (feature->category == NULL || feature->code == NULL)
        return PyErr_NoMemory() != NULL;
    while (PyDict_Next(feature->codes, &at, &value, &code)) {
        if (!PyLong_CheckExact(value) && !PyFloat_CheckExact(value))
            continue;
        double number = PyFloat_AsDouble(value), its = PyFloat_AsDouble(code);
        if (PyErr_Occurred()) { /* no double is an integer of hundreds of digits: Python looks at all of them */
            PyErr_Clear();
            feature->known = 0;
            return 1;
        }
        Py_ssize_t place = feature->known++;
        for (; place > 0 && feature->category[place - 1] > number; place--) {
            feature->category[place] = feature->category[place - 1];
            feature->code[place] = feature->code[place - 1];
        }
        feature->category[place] = number, feature->code[place] = (float)its;
    }
    return 1;
}

static PyObject *rows_new(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    PyObject *features;
    (void)names;
    if (!PyArg_ParseTuple(arguments, "O!", &PyTuple_Type, &features))
        return NULL;
    Py_ssize_t width = PyTuple_Size(features);
    if (width < 1 || width > FEATURES_MOST)
        return PyErr_Format(PyExc_ValueError, "a row has 1 to %d features, not %zd", FEATURES_MOST, width);
    Rows *own = (Rows *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (own == NULL)
        return NULL;
    own->width = width;
    own->feature = PyMem_Calloc((size_t)width, sizeof(Feature));
    if (own->feature == NULL) {
        Py_DECREF((PyObject *)own);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t number = 0; number < width; number++) {
        Feature *feature = own->feature + number;
        PyObject *name, *codes;
        if (!PyArg_ParseTuple(PyTuple_GetItem(features, number), "UOddLLp", &name, &codes, &feature->low,
                              &feature->high, &feature->least, &feature->most, &feature->integer)
            || (codes != Py_None && !PyDict_Check(codes))) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_TypeError, "the codes of a category are no dict");
            Py_DECREF((PyObject *)own);
            return NULL;
        }
        feature->name = Py_NewRef(name);
        PyUnicode_InternInPlace(&feature->name);
        feature->codes = codes == Py_None ? NULL : Py_NewRef(codes);
        if (feature->codes != NULL && !feature_numbers(feature)) {
            Py_DECREF((PyObject *)own);
            return NULL;
        }
    }
    return (PyObject *)own;
}

static inline int is_whole(double value)
{
    const double exact = 9007199254740992.0; /* 2^53: from here on there are no fractions */
    return value >= exact || value <= -exact || (double)(int64_t)value == value;
}

/* 1 when the value is one of the feature's, 0 when it is not or cannot be judged here, -1 with an error set. */
static inline int value_of(const Feature *feature, PyObject *value, float *found)
{
    if (feature->codes != NULL) { /* 2 and 2.0 are one key, and so is true, which is no category */
        if (!PyUnicode_CheckExact(value) && !PyLong_CheckExact(value) && !PyFloat_CheckExact(value))
            return 0;
        PyObject *code = PyDict_GetItemWithError(feature->codes, value);
        if (code == NULL)
            return PyErr_Occurred() ? -1 : 0;
        *found = (float)PyFloat_AsDouble(code);
        return 1;
    }
    if (PyLong_CheckExact(value)) {
        int overflow;
        long long whole = PyLong_AsLongLongAndOverflow(value, &overflow);
        *found = (float)(double)whole;
        return !overflow && feature->least <= whole && whole <= feature->most;
    }
    if (!PyFloat_CheckExact(value))
        return 0;
    double number = PyFloat_AsDouble(value);
    *found = (float)number;
    return feature->low <= number && number <= feature->high && (!feature->integer || is_whole(number));
}

PyDoc_STRVAR(records_doc, "records(records, matrix): whether all records keep the contract; their rows are then in "
                          "the float32 matrix. False: not all do, or not all can be judged here");

static PyObject *rows_records(Rows *own, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer matrix;
    if (count != 2 || !PyList_CheckExact(arguments[0])) {
        PyErr_SetString(PyExc_TypeError, "records() takes a list and a matrix");
        return NULL;
    }
    if (!matrix_of(arguments[1], &matrix, own->width, PyBUF_WRITABLE))
        return NULL;
    Py_ssize_t rows = matrix.shape[0];
    float *cell = matrix.buf;
    int good = rows == PyList_Size(arguments[0]);
    for (Py_ssize_t row = 0; row < rows && good > 0; row++) {
        PyObject *record = PyList_GetItem(arguments[0], row);
        good = PyDict_CheckExact(record) && PyDict_Size(record) == own->width;
        for (Py_ssize_t number = 0; number < own->width && good > 0; number++) {
            PyObject *value = PyDict_GetItemWithError(record, own->feature[number].name);
            good = value != NULL ? value_of(own->feature + number, value, cell++) : PyErr_Occurred() ? -1 : 0;
        }
    }
    PyBuffer_Release(&matrix);
    return good < 0 ? NULL : PyBool_FromLong(good);
}

PyDoc_STRVAR(column_doc, "column(number, values, matrix): the same for the values of one feature");

static PyObject *rows_column(Rows *own, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer matrix;
    if (count != 3 || !PyList_CheckExact(arguments[1])) {
        PyErr_SetString(PyExc_TypeError, "column() takes a number, a list and a matrix");
        return NULL;
    }
    Py_ssize_t number = PyLong_AsSsize_t(arguments[0]);
    if (number < 0 || number >= own->width) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_IndexError, "there is no such feature");
        return NULL;
    }
    if (!matrix_of(arguments[2], &matrix, own->width, PyBUF_WRITABLE))
        return NULL;
    Py_ssize_t rows = matrix.shape[0];
    float *cell = (float *)matrix.buf + number;
    int good = rows == PyList_Size(arguments[1]);
    for (Py_ssize_t row = 0; row < rows && good > 0; row++)
        good = value_of(own->feature + number, PyList_GetItem(arguments[1], row), cell + row * own->width);
    PyBuffer_Release(&matrix);
    return good < 0 ? NULL : PyBool_FromLong(good);
}

#endif
