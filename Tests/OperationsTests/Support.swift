import TestSupport

typealias Box = TestSupport.Box
typealias TemporaryFolder = TestSupport.TemporaryFolder
typealias TestCertificates = TestSupport.TestCertificates
