// Many fibers write to one log file; each line stays whole.
//
//   append_log [file]        default append_log.txt
//
// What is appended goes to the end in one piece, whoever else writes there. One sync at the end
// puts it where a loss of power does not reach it.

#include <cstdio>
#include <string>

#include <weft/io/file.hpp>
#include <weft/io/file_contents.hpp>
#include <weft/io/run.hpp>
#include <weft/sync/task_group.hpp>

weft::result<void> run(const std::string& path) {
  auto log = weft::io::file::open(path, {.access = weft::io::file_access::write,
                                         .create = weft::io::file_creation::if_missing,
                                         .append = true});
  if (!log) {
    return weft::fail(log.error());
  }
  weft::task_group writers;
  for (int i = 0; i < 10; ++i) {
    writers.spawn([&log, i] {
      const std::string line = "fiber " + std::to_string(i) + " was here\n";
      return log->write_all_at(0, line);
    });
  }
  if (auto written = writers.wait(); !written) {
    return written;
  }
  if (auto synced = log->sync(); !synced) {
    return synced;
  }
  auto contents = weft::io::read_file(path);
  if (!contents) {
    return weft::fail(contents.error());
  }
  std::fputs(contents->c_str(), stdout);
  return {};
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return run(argc > 1 ? argv[1] : "append_log.txt"); });
}
