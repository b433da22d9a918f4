"""The .NET types and members that expressions may use, as the documentation lists them.

https://learn.microsoft.com/azure/api-management/api-management-policy-expressions, ".NET Framework types
allowed in policy expressions", as of its version of 2022-02-07. What is not here is refused in the words of
Azure's compiler; what is here and is not in `types` is refused by name.
"""

from __future__ import annotations

from typing import Final

_EVERY: Final = """
    Newtonsoft.Json.Formatting
    Newtonsoft.Json.Linq.Extensions Newtonsoft.Json.Linq.JArray Newtonsoft.Json.Linq.JConstructor
    Newtonsoft.Json.Linq.JContainer Newtonsoft.Json.Linq.JObject Newtonsoft.Json.Linq.JProperty
    Newtonsoft.Json.Linq.JRaw Newtonsoft.Json.Linq.JToken Newtonsoft.Json.Linq.JTokenType
    Newtonsoft.Json.Linq.JValue
    System.Array System.BitConverter System.Boolean System.Byte System.Char
    System.Collections.Generic.Dictionary System.Collections.Generic.HashSet
    System.Collections.Generic.ICollection System.Collections.Generic.IDictionary
    System.Collections.Generic.IEnumerable System.Collections.Generic.IEnumerator
    System.Collections.Generic.IList System.Collections.Generic.IReadOnlyCollection
    System.Collections.Generic.IReadOnlyDictionary System.Collections.Generic.ISet
    System.Collections.Generic.KeyValuePair System.Collections.Generic.List
    System.Collections.Generic.Queue System.Collections.Generic.Stack
    System.Convert System.DateTimeOffset System.Decimal System.Double System.Exception System.Guid
    System.Int16 System.Int32 System.Int64 System.IO.StringReader System.IO.StringWriter
    System.Linq.Enumerable System.Math System.MidpointRounding System.Net.IPAddress System.Net.WebUtility
    System.Nullable System.Random System.SByte
    System.Security.Cryptography.AsymmetricAlgorithm System.Security.Cryptography.CipherMode
    System.Security.Cryptography.HashAlgorithm System.Security.Cryptography.HashAlgorithmName
    System.Security.Cryptography.HMAC System.Security.Cryptography.HMACMD5
    System.Security.Cryptography.HMACSHA1 System.Security.Cryptography.HMACSHA256
    System.Security.Cryptography.HMACSHA384 System.Security.Cryptography.HMACSHA512
    System.Security.Cryptography.KeyedHashAlgorithm System.Security.Cryptography.MD5
    System.Security.Cryptography.Oid System.Security.Cryptography.PaddingMode
    System.Security.Cryptography.RNGCryptoServiceProvider System.Security.Cryptography.RSA
    System.Security.Cryptography.RSAEncryptionPadding System.Security.Cryptography.RSASignaturePadding
    System.Security.Cryptography.SHA1 System.Security.Cryptography.SHA1Managed
    System.Security.Cryptography.SHA256 System.Security.Cryptography.SHA256Managed
    System.Security.Cryptography.SHA384 System.Security.Cryptography.SHA384Managed
    System.Security.Cryptography.SHA512 System.Security.Cryptography.SHA512Managed
    System.Security.Cryptography.SymmetricAlgorithm
    System.Security.Cryptography.X509Certificates.PublicKey
    System.Security.Cryptography.X509Certificates.RSACertificateExtensions
    System.Security.Cryptography.X509Certificates.X500DistinguishedName
    System.Security.Cryptography.X509Certificates.X509Certificate
    System.Security.Cryptography.X509Certificates.X509Certificate2
    System.Security.Cryptography.X509Certificates.X509ContentType
    System.Security.Cryptography.X509Certificates.X509NameType
    System.Single System.String System.StringComparer System.StringComparison System.StringSplitOptions
    System.Text.Encoding System.Text.RegularExpressions.RegexOptions System.Text.StringBuilder
    System.TimeSpan System.TimeZone System.TimeZoneInfo System.TimeZoneInfo.AdjustmentRule
    System.TimeZoneInfo.TransitionTime System.Tuple System.UInt16 System.UInt32 System.UInt64 System.Uri
    System.UriPartial
    System.Xml.Linq.Extensions System.Xml.Linq.XAttribute System.Xml.Linq.XCData System.Xml.Linq.XComment
    System.Xml.Linq.XContainer System.Xml.Linq.XDeclaration System.Xml.Linq.XDocument
    System.Xml.Linq.XDocumentType System.Xml.Linq.XElement System.Xml.Linq.XName System.Xml.Linq.XNamespace
    System.Xml.Linq.XNode System.Xml.Linq.XNodeDocumentOrderComparer System.Xml.Linq.XNodeEqualityComparer
    System.Xml.Linq.XObject System.Xml.Linq.XProcessingInstruction System.Xml.Linq.XText
    System.Xml.XmlNodeType
"""
_TIME: Final = """
    Add AddDays AddHours AddMilliseconds AddMinutes AddMonths AddSeconds AddTicks AddYears Date Day DayOfWeek
    DayOfYear DaysInMonth Hour IsDaylightSavingTime IsLeapYear MaxValue Millisecond Minute MinValue Month Now
    Parse Second Subtract Ticks TimeOfDay Today ToString UtcNow Year
"""
_SOME: Final = {
    "Newtonsoft.Json.JsonConvert": "SerializeObject DeserializeObject",
    "System.DateTime": _TIME,
    "System.DateTimeKind": "Utc",
    "System.Text.RegularExpressions.Capture": "Index Length Value",
    "System.Text.RegularExpressions.CaptureCollection": "Count Item",
    # A group is a capture, a match a group.
    "System.Text.RegularExpressions.Group": "Captures Success Index Length Value",
    "System.Text.RegularExpressions.GroupCollection": "Count Item",
    "System.Text.RegularExpressions.Match": "Empty Groups Result Captures Success Index Length Value",
    "System.Text.RegularExpressions.Regex": "IsMatch Match Matches Replace Unescape Split",
}
_OF_OBJECT: Final = frozenset({"ToString", "Equals", "GetHashCode"})
# Full name -> its members; None: all.
ALLOWED: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(_EVERY.split()),
    **{name: frozenset(members.split()) | _OF_OBJECT for name, members in _SOME.items()},
}
# Simple name -> full name.
BY_NAME: Final = {name.rpartition(".")[2]: name for name in ALLOWED}
# Types that are often tried: with them Azure's words can be said in full.
_REFUSED: Final = """
    System.Activator System.AppDomain System.Console System.Environment System.GC System.Type
    System.Collections.Concurrent.ConcurrentDictionary System.Diagnostics.Process System.Diagnostics.Stopwatch
    System.Globalization.CultureInfo System.IO.Directory System.IO.File System.IO.MemoryStream System.IO.Path
    System.IO.StreamReader System.Net.Dns System.Net.Http.HttpClient System.Net.WebClient
    System.Reflection.Assembly System.Security.Cryptography.Aes
    System.Text.Json.JsonDocument System.Text.Json.JsonSerializer System.Threading.Tasks.Task
    System.Threading.Thread System.Web.HttpUtility
    System.FormatException System.ArgumentException System.InvalidOperationException
    System.NullReferenceException
"""
# What Microsoft's own samples use although the documentation does not list it.
_SAMPLED: Final = """
    Microsoft.Azure.ApiManagement.Policies.Expressions.Authorization
    System.Security.Cryptography.RSACng System.Xml.XmlDocument System.Xml.XmlReader
"""
SAMPLED: Final = {name.rpartition(".")[2]: name for name in _SAMPLED.split()}
REFUSED: Final = {name.rpartition(".")[2]: name for name in _REFUSED.split()}
# Members of `context` and its parts that the documentation has and the evaluator does not.
DOCUMENTED: Final = {"IRequest": ("Certificate",)}
