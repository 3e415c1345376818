import Crypto
import Dicom
import GRDB
import Logging
