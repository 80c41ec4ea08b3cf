#include "common/client/command_line.h"

int main(int argc, char** argv) { return weir::client::commandLine(argc, argv); }
