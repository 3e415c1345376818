import Dicom
import LocalIndex
