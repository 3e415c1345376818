extension UserInformation {
  /// An acceptor's answer to a proposal: nothing that was not proposed, nor more than was.
  init(
    answering proposal: UserInformation, maximumPDULength: UInt32, _ roles: [RoleSelection],
    _ answers: NegotiationAnswers, window: AsynchronousOperationsWindow
  ) {
    self.init()
    self.maximumPDULength = maximumPDULength
    implementationClassUID = Implementation.classUID
    implementationVersionName = Implementation.versionName
    roleSelections = roles.compactMap { role in
      proposal.roleSelections.first { $0.sopClassUID == role.sopClassUID }?.narrowed(to: role)
    }
    extendedNegotiations = answers.extendedNegotiations.filter { answer in
      proposal.extendedNegotiations.contains { $0.sopClassUID == answer.sopClassUID }
    }
    asynchronousOperationsWindow = proposal.asynchronousOperationsWindow?.narrowed(to: window)
    if proposal.userIdentity?.positiveResponseRequested == true { userIdentityResponse = answers.userIdentityResponse }
  }
}
