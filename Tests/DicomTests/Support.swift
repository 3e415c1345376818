import TestSupport

typealias TemporaryFolder = TestSupport.TemporaryFolder
typealias TestCertificates = TestSupport.TestCertificates
