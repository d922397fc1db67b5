// Nothing: this stands for the headers that the tests share, see CMakeLists.txt.
