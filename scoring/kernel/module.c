/* The module scoring_kernel: what of scoring is machine code. Everything here has a counterpart in Python, which
   answers where this code cannot be loaded, and which the tests hold it against. */
#include "answer.h"
#include "bins.h"
#include "columns.h"
#include "composite.h"

static int module_start(PyObject *module)
{
    PyType_Spec *types[] = {&composite_type, &rows_type, &bins_type};
    for (size_t number = 0; number < sizeof types / sizeof *types; number++) {
        PyObject *type = PyType_FromSpec(types[number]);
        if (type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0) {
            Py_XDECREF(type);
            return -1;
        }
        Py_DECREF(type);
    }
    return 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, (void *)module_start}, {0, NULL}};
static PyMethodDef module_methods[] = {
    {"answered", (PyCFunction)(void (*)(void))answered, METH_FASTCALL, answered_doc},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, "scoring_kernel", "What of scoring is machine code.", 0, module_methods, module_slots,
    NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_scoring_kernel(void) { return PyModuleDef_Init(&module_definition); }
