/* Columns of numbers, as arrays, into a float32 matrix: the contract of rows.h, for many rows at once. */
#ifndef SCORING_COLUMNS_H
#define SCORING_COLUMNS_H

#include "rows.h"

#define TILE 128 /* rows that are read together: their part of the matrix stays in the fastest cache */

/* A column: its numbers, or the places of its texts among `table`, whose entries are codes or NaN. */
typedef struct {
    Py_buffer numbers, table;
    int coded;
} Column;

static const double exact_whole = 9007199254740992.0; /* 2^53: integers beyond may be rounded to doubles */

static inline double largest_of(double first, double second)
{
    first = first < 0.0 ? -first : first, second = second < 0.0 ? -second : second;
    return first > second ? first : second;
}

/* Whether a double says of each number that it is compared with, integers too, on which side it is. */
static int feature_exact(const Feature *feature)
{
    if (feature->codes == NULL)
        return largest_of(feature->low, feature->high) < exact_whole;
    return feature->known > 0
           && largest_of(feature->category[0], feature->category[feature->known - 1]) < exact_whole;
}

static inline int place_of(const Feature *feature, double value)
{
    Py_ssize_t low = 0, high = feature->known; /* the place of the value is among these */
    while (high - low > 1) {
        Py_ssize_t middle = (low + high) / 2;
        if (feature->category[middle] <= value)
            low = middle;
        else
            high = middle;
    }
    return (int)low;
}

/* Reads `rows` numbers; 0 when one is not the feature's. */
#define READER(name, type, fractions)                                                                       \
    static int read_##name(const Feature *feature, const void *from, Py_ssize_t rows, float *cell,          \
                           Py_ssize_t width)                                                                \
    {                                                                                                       \
        const type *number = from;                                                                          \
        int good = 1;                                                                                       \
        if (feature->codes != NULL) {                                                                       \
            for (Py_ssize_t row = 0; row < rows; row++) {                                                   \
                double value = (double)number[row];                                                         \
                int place = place_of(feature, value);                                                       \
                good &= feature->category[place] == value;                                                  \
                cell[row * width] = feature->code[place];                                                   \
            }                                                                                               \
            return good;                                                                                    \
        }                                                                                                   \
        const double low = feature->low, high = feature->high;                                              \
        const int whole = fractions && feature->integer;                                                    \
        for (Py_ssize_t row = 0; row < rows; row++) {                                                       \
            double value = (double)number[row];                                                             \
            good &= (low <= value) & (value <= high);                                                       \
            cell[row * width] = (float)value;                                                               \
        }                                                                                                   \
        for (Py_ssize_t row = 0; whole && good && row < rows; row++)                                        \
            good = is_whole((double)number[row]);                                                           \
        return good;                                                                                        \
    }

READER(int8, int8_t, 0)
READER(int16, int16_t, 0)
READER(int32, int32_t, 0)
READER(int64, int64_t, 0)
READER(uint8, uint8_t, 0)
READER(uint16, uint16_t, 0)
READER(uint32, uint32_t, 0)
READER(uint64, uint64_t, 0)
READER(float32, float, 1)
READER(float64, double, 1)

typedef int (*Reader)(const Feature *, const void *, Py_ssize_t, float *, Py_ssize_t);

/* The reader of an array of that format; NULL where there is none. */
static Reader reader_of(const Py_buffer *view)
{
    static const Reader whole[] = {read_int8, read_int16, read_int32, read_int64};
    static const Reader counted[] = {read_uint8, read_uint16, read_uint32, read_uint64};
    const char *format = view->format;
    if (format == NULL || format[0] == 0 || format[1] != 0)
        return NULL;
    if (format[0] == 'f' || format[0] == 'd')
        return format[0] == 'f' ? read_float32 : read_float64;
    int size = view->itemsize == 1 ? 0 : view->itemsize == 2 ? 1 : view->itemsize == 4 ? 2 : 3;
    if (format[0] == 'b' || format[0] == 'h' || format[0] == 'i' || format[0] == 'l' || format[0] == 'q')
        return whole[size];
    if (format[0] == 'B' || format[0] == 'H' || format[0] == 'I' || format[0] == 'L' || format[0] == 'Q')
        return counted[size];
    return NULL;
}

static int read_coded(const Column *column, Py_ssize_t first, Py_ssize_t rows, float *cell, Py_ssize_t width)
{
    const int32_t *place = (const int32_t *)column->numbers.buf + first;
    const float *code = column->table.buf;
    int32_t known = (int32_t)(column->table.len / 4);
    int good = 1;
    for (Py_ssize_t row = 0; row < rows && good; row++) {
        good = 0 <= place[row] && place[row] < known;
        float value = good ? code[place[row]] : 0.0f;
        good = good && value == value;
        cell[row * width] = value;
    }
    return good;
}

/* A column of an array, or of places and codes; 0 with an error set when it is neither. */
static int column_from(PyObject *object, Column *column, Py_ssize_t rows)
{
    column->coded = PyTuple_Check(object) && PyTuple_Size(object) == 2;
    if (column->coded) {
        if (!view_of(PyTuple_GetItem(object, 0), &column->numbers, 'i', 4, 0))
            return 0;
        if (!view_of(PyTuple_GetItem(object, 1), &column->table, 'f', 4, 0)) {
            PyBuffer_Release(&column->numbers);
            return 0;
        }
    } else if (PyObject_GetBuffer(object, &column->numbers, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
        return 0;
    if (column->numbers.ndim == 1 && column->numbers.shape[0] == rows
        && (!column->coded || column->table.len / 4 <= INT32_MAX))
        return 1;
    PyErr_Format(PyExc_ValueError, "a column is no array of %zd numbers", rows);
    PyBuffer_Release(&column->numbers);
    if (column->coded)
        PyBuffer_Release(&column->table);
    return 0;
}

static int columns_read(const Rows *own, const Column *column, const Reader *reader, Py_ssize_t rows, float *cell)
{
    for (Py_ssize_t first = 0; first < rows; first += TILE) {
        Py_ssize_t some = rows - first < TILE ? rows - first : TILE;
        for (Py_ssize_t number = 0; number < own->width; number++) {
            const Column *here = column + number;
            float *to = cell + first * own->width + number;
            const char *from = (const char *)here->numbers.buf + first * here->numbers.itemsize;
            int good = here->coded ? read_coded(here, first, some, to, own->width)
                                   : reader[number](own->feature + number, from, some, to, own->width);
            if (!good)
                return 0;
        }
    }
    return 1;
}

PyDoc_STRVAR(arrays_doc,
             "arrays(columns, matrix): the same for all features, each an array of numbers, or (places, codes): of "
             "each row an int32 among float32 codes, where NaN is no category");

static PyObject *rows_arrays(Rows *own, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer matrix;
    if (count != 2 || !PyTuple_CheckExact(arguments[0]) || PyTuple_Size(arguments[0]) != own->width) {
        PyErr_Format(PyExc_TypeError, "arrays() takes a tuple of %zd columns and a matrix", own->width);
        return NULL;
    }
    if (!matrix_of(arguments[1], &matrix, own->width, PyBUF_WRITABLE))
        return NULL;
    Column *column = PyMem_Calloc((size_t)own->width, sizeof(Column));
    Reader *reader = PyMem_Calloc((size_t)own->width, sizeof(Reader));
    int made = column && reader, good = made;
    if (!made)
        PyErr_NoMemory();
    Py_ssize_t held = 0;
    for (; made && held < own->width; held++) {
        made = column_from(PyTuple_GetItem(arguments[0], held), column + held, matrix.shape[0]);
        if (!made)
            break;
        const Feature *feature = own->feature + held;
        reader[held] = reader_of(&column[held].numbers);
        good = good && (column[held].coded ? feature->codes != NULL : reader[held] && feature_exact(feature));
    }
    if (made && good) {
        Py_BEGIN_ALLOW_THREADS
        good = columns_read(own, column, reader, matrix.shape[0], matrix.buf);
        Py_END_ALLOW_THREADS
    }
    while (held-- > 0) {
        PyBuffer_Release(&column[held].numbers);
        if (column[held].coded)
            PyBuffer_Release(&column[held].table);
    }
    PyMem_Free(column);
    PyMem_Free(reader);
    PyBuffer_Release(&matrix);
    return made ? PyBool_FromLong(good) : NULL;
}

static PyMethodDef rows_methods[] = {
    {"records", (PyCFunction)(void (*)(void))rows_records, METH_FASTCALL, records_doc},
    {"column", (PyCFunction)(void (*)(void))rows_column, METH_FASTCALL, column_doc},
    {"arrays", (PyCFunction)(void (*)(void))rows_arrays, METH_FASTCALL, arrays_doc},
    {NULL, NULL, 0, NULL},
};
PyDoc_STRVAR(rows_doc, "Rows(features): reads rows; of each feature name, codes, low, high, least, most, integer");
static PyType_Slot rows_slots[] = {
    {Py_tp_new, rows_new},
    {Py_tp_dealloc, rows_free},
    {Py_tp_methods, rows_methods},
    {Py_tp_doc, (void *)rows_doc},
    {0, NULL},
};
static PyType_Spec rows_type = {"scoring_kernel.Rows", sizeof(Rows), 0, Py_TPFLAGS_DEFAULT, rows_slots};

#endif
