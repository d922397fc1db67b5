# Wine for the tests of a build for Windows: tests "wine.start" and "wine.stop", which all others require.
#
# Its helper processes outlive the program that starts the first of them and would keep the pipe open that CTest reads
# this program's output from: every test would take seconds. So they are started beforehand, without pipes. Waits
# of threads take longer there than natively, so the tests do less.
set(weft_wine_environment
  "WINEPREFIX=${PROJECT_BINARY_DIR}/wine"
  "WINEDEBUG=-all"
  "WEFT_TEST_LOAD=0.2"
  "WINEDLLOVERRIDES=mscoree,mshtml,winemenubuilder.exe=")

add_test(NAME wine.start COMMAND sh -c
  "exec >/dev/null 2>&1 </dev/null; '${WEFT_WINESERVER}' -p120; '${WEFT_WINE}' wineboot -i && '${WEFT_WINE}' cmd /c exit")
add_test(NAME wine.stop COMMAND sh -c "'${WEFT_WINESERVER}' -k -w >/dev/null 2>&1 || true")
set_tests_properties(wine.start PROPERTIES FIXTURES_SETUP wine)
set_tests_properties(wine.stop PROPERTIES FIXTURES_CLEANUP wine)
set_tests_properties(wine.start wine.stop PROPERTIES TIMEOUT 120 ENVIRONMENT "${weft_wine_environment}")
