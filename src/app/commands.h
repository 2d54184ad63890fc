#pragma once
#include <string>
#include <vector>

#include "app/config.h"

namespace waggle {

/// The commands of the command line. Each returns the exit status: 0 fine, 1 the request or the check failed, 2 wrong
/// usage or configuration. Answers go to standard output, everything else to standard error.
enum exit_status : int { exit_fine = 0, exit_failed = 1, exit_usage = 2 };

int serve(configuration c, const std::vector<std::string>& targets);

struct invoke_options {
  std::string target;
  std::string method;
  std::string input;  ///< `-` reads standard input
};
int invoke(const configuration& c, const invoke_options& o);

int check(const configuration& c, const std::string& target, bool json);
/// What changed between the contracts of two schemas or targets; it failed where a change is breaking.
int check_against(const std::string& before, const std::string& after, bool json);
int inspect(const configuration& c, const std::string& target, bool json);
/// `format`: a name of schema/describe/describe.h.
int describe(const std::string& target, const std::string& format);
/// An entry of a service's state, as JSON on one line; those whose key begins with `prefix`, a line each. Through the
/// operator's socket where a node runs on the data folder.
int state_get(const configuration& c, const std::string& service, const std::string& key);
int state_list(const configuration& c, const std::string& service, const std::string& prefix);
/// Lines of JSON (state/archive.h) of a service, of all where it is empty, to the file `out` or standard output. No node may
/// run on the folder. Of a damaged store what can be read; that fails all the same.
int state_export(const configuration& c, const std::string& service, const std::string& out);
/// Puts them in; with `replace` the services in the file then have nothing else.
int state_import(const configuration& c, const std::string& in, bool replace);
struct recent_options {
  std::string service;
  bool failed = false;  ///< only those that failed
  unsigned first = 20;
  bool json = false;
};
/// The last requests of a service of the node that runs on the data folder, the newest first; as JSON a line each.
int recent(const configuration& c, const recent_options& o);

struct top_options {
  double seconds = 2;  ///< between two looks
  bool once = false;
  bool json = false;
};
/// What the services of that node do now: a table that stays on a terminal until q or Ctrl-C; elsewhere one table after the
/// other.
int top(const configuration& c, const top_options& o);
int pack(const std::string& module, const std::string& schema, const std::string& out);
/// Prints the standard form of a schema; mutations that match `reads` ("get*,list*") as queries.
int convert(const std::string& file, const std::string& reads);

struct bench_options {
  std::string target;  ///< or an address: http://HOST:PORT/SERVICE
  std::string method;
  std::string input;
  unsigned seconds = 3;
  unsigned concurrency = 1;
  bool json = false;
};
int bench(const configuration& c, const bench_options& o);

/// Prints findings as a compiler does; whether there was an error among them.
bool print(const std::vector<diagnostic>& findings);

}  // namespace waggle
