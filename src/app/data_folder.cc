#include "app/data_folder.h"

#include <sys/stat.h>

#include <filesystem>

namespace waggle {

void make_data_folder(const std::string& data) {
  std::filesystem::path folder(data);
  if (!folder.has_filename()) folder = folder.parent_path();  // "data/"
  std::error_code bad;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), bad);
  ::mkdir(folder.c_str(), 0700);
}

std::string operator_socket(const std::string& data) { return (std::filesystem::path(data) / "waggle.sock").string(); }

}  // namespace waggle
