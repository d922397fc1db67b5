// A program outside the project: every module's headers are found, and the libraries link.
#include <weft/runtime/version.hpp>

int main() { return weft::header_version.major_number == WEFT_VERSION_MAJOR ? 0 : 1; }
