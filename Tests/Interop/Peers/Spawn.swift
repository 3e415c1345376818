import Foundation

/// Starts a program with files for its input and outputs.
///
/// Not `Foundation.Process`: the threads tests run on block all signals, a child inherits that, and so no `SIGTERM` would
/// ever reach it; nor would `tmux` learn that its shell has ended.
func spawn(
  _ command: [String], environment: [String: String], input: String, output: String, errors: String
) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
  posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
  posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)

  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var none = sigset_t()
  sigemptyset(&none)
  var all = sigset_t()
  sigfillset(&all)
  posix_spawnattr_setsigmask(&attributes, &none)
  posix_spawnattr_setsigdefault(&attributes, &all)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

  let arguments = command.map { strdup($0) } + [nil]
  let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
  defer { for text in arguments + variables { free(text) } }
  var identifier: pid_t = 0
  let failure = posix_spawn(&identifier, command[0], &actions, &attributes, arguments, variables)
  guard failure == 0 else { throw PeerProblem("cannot start \(command[0]): \(String(cString: strerror(failure)))") }
  return identifier
}
