"""What expressions of policies are worth, held against what .NET gives; what they raise; that they end."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apimanagement.policies.context import (
    Api,
    Body,
    Context,
    Headers,
    LastError,
    Request,
    Response,
    Subscription,
    Url,
)
from emulator.apimanagement.policies.errors import FAILURE, EvaluationFailure
from emulator.apimanagement.policies.expressions import compiled, evaluate, jwt_of, text
from emulator.apimanagement.policies.tree import Value

TOKEN = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256","typ":"JWT"}', b'{"sub":"s","aud":["a","b"],"exp":1516239022,"n":1}', b"x")
)
JSON = b'{"a": {"b": [1, 2, {"c": "x"}], "d.e": null}, "when": "2020-01-02T03:04:05Z", "n": 2.0, "yes": true}'


@pytest.fixture
def context() -> Context:
    return Context(
        request=Request(
            method="POST",
            url=Url("https", "a.example", 443, "/x/y", Headers([("q", "1"), ("q", "2")])),
            headers=Headers(
                [
                    ("A", "1"),
                    ("a", "2"),
                    ("Authorization", "Basic " + base64.b64encode(b"u:p:q").decode()),
                    ("Token", f"Bearer {TOKEN}"),
                ]
            ),
            body=Body(JSON),
            matched_parameters={"id": "7"},
        ),
        response=Response(404, "Not Found"),
        api=Api(id="scoring", path="/scoring"),
        subscription=Subscription(id="sub", created_date=datetime(2026, 1, 2, tzinfo=UTC)),
        last_error=LastError(reason="BackendConnectionFailure"),
        variables={"text": "a", "number": 5, "caller": None},
        request_id=UUID("12345678-1234-1234-1234-123456789abc"),
    )


# As .NET gives them: the invariant culture, Windows' line ends.
VALUES: dict[str, Any] = {
    # context
    'context.RequestId.ToString("N")': "12345678123412341234123456789abc",
    'context.Request.Method == "POST"': True,
    'context.Request.Headers.GetValueOrDefault("a", "")': "1,2",
    'context.Request.Headers.GetValueOrDefault("none", "d")': "d",
    'context.Request.Headers.GetValueOrDefault("none")': None,
    'context.Request.Headers["a"][1] + context.Request.Headers["A"].Length': "22",
    'context.Request.Headers.ContainsKey("AUTHORIZATION")': True,
    'context.Request.Headers.TryGetValue("a", out var v) ? v[0] : ""': "1",
    "context.Request.Url.ToString()": "https://a.example/x/y?q=1&q=2",
    'context.Request.Url.Query.GetValueOrDefault("q")': "1,2",
    'context.Request.MatchedParameters["id"]': "7",
    'context.Request.MatchedParameters.GetValueOrDefault("id", "")': "7",
    "context.Response.StatusCode + context.Response.StatusReason": "404Not Found",
    "context.Product == null && context.Product?.Name == null": True,
    'context.Product?.Name ?? "none"': "none",
    "context.Subscription.CreatedDate.Year": 2026,
    "context.LastError.Reason": "BackendConnectionFailure",
    "context.Elapsed.TotalSeconds >= 0": True,
    '(string)context.Variables["text"] + (int)context.Variables["number"]': "a5",
    'context.Variables.GetValueOrDefault<int>("number") + 1': 6,
    'context.Variables.GetValueOrDefault<int>("none")': 0,
    'context.Variables.GetValueOrDefault<string>("none", "d")': "d",
    'context.Variables.ContainsKey("none")': False,
    'context.Request.Headers.GetValueOrDefault("Authorization").AsBasic().Password': "p:q",
    '"nothing".AsBasic() == null && "a.b".AsJwt() == null': True,
    'context.Request.Headers.GetValueOrDefault("Token").AsJwt().Claims["aud"][1]': "b",
    'context.Request.Headers.GetValueOrDefault("Token").AsJwt().Claims.GetValueOrDefault("n", "")': "1",
    (
        'context.Request.Headers.GetValueOrDefault("Token").AsJwt()?.ExpirationTime.ToString()'
    ): "01/18/2018 01:30:22",
    'context.Request.Headers.GetValueOrDefault("none").AsJwt()?.Subject': None,
    # JSON
    'context.Request.Body.As<JObject>()["a"]["b"][2]["c"].ToString()': "x",
    '(int)context.Request.Body.As<JObject>().SelectToken("a.b[1]") + 1': 3,
    'context.Request.Body.As<JObject>()["none"] == null': True,
    'context.Request.Body.As<JObject>()["when"].ToString()': "01/02/2020 03:04:05",
    (
        'context.Request.Body.As<JObject>()["a"]["b"].ToString(Newtonsoft.Json.Formatting.None)'
    ): '[1,2,{"c":"x"}]',
    'context.Request.Body.As<JObject>().Value<double>("n")': 2.0,
    '(bool)context.Request.Body.As<JToken>()["yes"]': True,
    (
        "context.Request.Body.As<string>(preserveContent: true).Length == "
        "context.Request.Body.As<byte[]>().Length"
    ): True,
    'string.Join(",", context.Request.Body.As<JObject>().Properties().Select(p => p.Name))': "a,when,n,yes",
    'new JObject(new JProperty("a", 1), new JProperty("b", new JArray("x", null))).ToString()': (
        '{\r\n  "a": 1,\r\n  "b": [\r\n    "x",\r\n    null\r\n  ]\r\n}'
    ),
    'JsonConvert.SerializeObject(new { a = "é\\"", b = 1.0, c = new[] { 1, 2 }, d = true })': (
        '{"a":"é\\"","b":1.0,"c":[1,2],"d":true}'
    ),
    'JObject.Parse("{\\"a\\":1}")["a"] == "1"': False,
    'JObject.FromObject(new Dictionary<string, string> { { "a", "b" } })["a"].ToString()': "b",
    'JArray.Parse("[3,1,2]").Select(t => (int)t).OrderBy(n => n).Last()': 3,
    # texts
    '"Hi There".Length': 8,
    ('string.Join("|", "a,,b,c".Split(new[] { \',\' }, 2, StringSplitOptions.RemoveEmptyEntries))'): "a|b,c",
    ('string.Join("|", ",,a,,".Split(new[] { \',\' }, 1, StringSplitOptions.RemoveEmptyEntries))'): ",,a,,",
    ('string.Join("|", "xaby".Split(new[] { "a", "ab" }, StringSplitOptions.None))'): "x|by",
    'System.Net.WebUtility.HtmlEncode("é\u00a0ÿĀ")': "&#233;&#160;&#255;Ā",
    'System.Net.WebUtility.HtmlEncode("😀")': "&#128512;",
    r'Regex.Unescape(@"a\.b\n\t\x41\u0042\103\cA\\")': "a.b\n\tABC\x01\\",
    "\"b,A,c\".Split(',').OrderBy(s => s, StringComparer.OrdinalIgnoreCase).First()": "A",
    "\"b,A,c\".Split(',').OrderBy(s => s).First()": "A",
    "\"B,a,C\".Split(',').OrderBy(s => s, StringComparer.OrdinalIgnoreCase).First()": "a",
    (
        "\"a,b,,c\".Split(',').Length + \"a,b\".Split(new[] { ',' }, "
        "StringSplitOptions.RemoveEmptyEntries)[1]"
    ): "4b",
    '"aBc".Equals("ABC", StringComparison.OrdinalIgnoreCase) && !"aBc".Equals("ABC")': True,
    '"abc".Substring(1) + "abc".Substring(0, 1) + "abc".IndexOf("c") + "abc".IndexOf("x")': "bca2-1",
    'string.Format("{0:D3}|{1,4}|{2:F1}|{{}}", 7, "x", 2.25)': "007|   x|2.3|{}",
    '$"{1.5:F2}|{3,-3}|{255:x4}|{true}"': "1.50|3  |00ff|True",
    'string.IsNullOrEmpty(null) && string.IsNullOrWhiteSpace(" ")': True,
    'string.Concat("a", 1, null, true)': "a1True",
    "\"a\" + 1 + 2.50m + 'c' + null + 1.0": "a12.50c1",
    "'a' + 1": 98,
    "('a' + 1).ToString() + (char)98": "98b",
    '"x".PadLeft(3, \'0\').Replace("0", "_").ToUpper().Trim(\'_\')': "X",
    'new StringBuilder("a").Append(1).AppendLine("b").ToString()': "a1b\r\n",
    r'Regex.Match("max-age=60", @"max-age=(?<m>\d+)").Groups["m"]?.Value': "60",
    r'Regex.Replace("a1b22", @"(\d+)", "<$1>")': "a<1>b<22>",
    r'Regex.IsMatch("ABC", "^b|c$", RegexOptions.IgnoreCase)': True,
    'Regex.Match("a", "b").Success || Regex.Match("a", "b").Groups[1].Value != ""': False,
    'Uri.EscapeDataString("a b&c/é") + new Uri("https://h:8/p?q#f").PathAndQuery': "a%20b%26c%2F%C3%A9/p?q",
    'System.Net.WebUtility.UrlEncode("a b+/=") + System.Net.WebUtility.HtmlEncode("<&>")': (
        "a+b%2B%2F%3D&lt;&amp;&gt;"
    ),
    (
        "Encoding.UTF8.GetString(Convert.FromBase64String(Convert.ToBase64Strin"
        'g(Encoding.UTF8.GetBytes("é"))))'
    ): "é",
    # numbers
    "7 / 2 + 7 % 4 - -7 / 2": 9,
    "7 / 2.0": 3.5,
    "int.MaxValue + 1": -2147483648,
    "1 << 33": 2,
    "-1 << 24 >> 4": -1048576,
    "(byte)300 + (short)40000": 44 - 25536,
    "(int)3.99 + (long)1": 4,
    "5L / 2 + 1u": 3,
    "Convert.ToInt32(2.5) + Convert.ToInt32(3.5)": 6,
    "Math.Round(2.5) + Math.Round(2.5, MidpointRounding.AwayFromZero)": 5.0,
    "Math.Max(1, 2) + Math.Abs(-3) + Math.Floor(1.5)": 6.0,
    "1e20.ToString() + 0.1 + 100.0 + 1e-5": "1E+200.11001E-05",
    "0.1 + 0.2 == 0.3 || 0.1m + 0.2m != 0.3m": False,
    "0x1F ^ 0b11 | 0x100 & ~0": 284,
    'int.TryParse("12", out int n) ? n : -1': 12,
    'int.TryParse("x", out var m) ? 1 : m': 0,
    '1234567.891.ToString("N2") + 0.5.ToString("P0") + 5.ToString("00.0")': "1,234,567.8950 %05.0",
    "true ? 1 : 2": 1,
    "!true || false && true ^ true": False,
    "BitConverter.ToString(new byte[] { 1, 255 })": "01-FF",
    # times
    'new DateTime(2020, 2, 28).AddDays(2).ToString("yyyy-MM-ddTHH:mm:ssZ")': "2020-03-01T00:00:00Z",
    'new DateTime(2020, 1, 2, 3, 4, 5).ToString("R") + new DateTime(2020, 1, 31).AddMonths(1).Day': (
        "Thu, 02 Jan 2020 03:04:05 GMT29"
    ),
    "(int)(new DateTime(1970, 1, 2) - new DateTime(1970, 1, 1)).TotalSeconds": 86400,
    "new DateTimeOffset(new DateTime(2020, 1, 1)).ToUnixTimeSeconds()": 1577836800,
    'DateTimeOffset.FromUnixTimeMilliseconds(1500).ToString("o")': "1970-01-01T00:00:01.5000000+00:00",
    (
        'DateTime.UtcNow > DateTime.Parse("2020-01-01") && TimeSpan.FromMinutes(1.5).ToString() == "00:01:30"'
    ): True,
    'DateTime.Parse("2020-01-02T03:04:05+01:00").ToString("s")': "2020-01-02T02:04:05",
    "new DateTime(2020, 1, 5).DayOfWeek == DayOfWeek.Sunday": True,
    # collections
    'new[] { "b", "a" }.OrderBy(x => x).First() + new[] { 1, 2 }.Sum()': "a3",
    'new List<string> { "a", "b" }.Where((x, i) => i > 0).Single()': "b",
    'new[] { "post", "put" }.Contains("PUT", StringComparer.OrdinalIgnoreCase)': True,
    'Array.Exists(new[] { "a" }, e => e == "a") && !new int[0].Any()': True,
    "Enumerable.Range(1, 5).Select(x => x * x).Where(x => x % 2 == 1).Aggregate((a, b) => a + b)": 35,
    (
        'string.Join("", "hello".GroupBy(c => c).OrderByDescending(g => '
        "g.Count()).ThenBy(g => g.Key).Select(g => g.Key))"
    ): ("leho"),
    'new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }.Sum(p => p.Value)': 3,
    "new[] { 3, 1 }.Max() + new[] { 3, 1 }.Average()": 5.0,
    'new[] { "1", "2" }.Select(int.Parse).Sum()': 3,
    "new[] { 1, 2, 3 }.Skip(1).Take(1).FirstOrDefault() + new int[0].FirstOrDefault()": 2,
    "\"a=1;b=2\".Split(';').Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1])[\"b\"]": "2",
    'Regex.Matches("a1b2", "[0-9]").Count + Regex.Matches("a1b2", "[0-9]").Cast<Match>().Last().Value': "22",
    'new Dictionary<string, int> { ["a"] = 1 }.Keys.Count': 1,
    'context.Request.Headers.GetValueOrDefault("Token").AsJwt().ExpirationTime.Value.Year': 2018,
    'context.Request.Headers.GetValueOrDefault("Token").AsJwt().IssuedAt.HasValue': False,
    # cryptography: RFC 4231, test case 2; FIPS 180
    'BitConverter.ToString(new HMACSHA256(Encoding.UTF8.GetBytes("Jefe")).ComputeHash(Encoding.UTF8.GetBytes('
    '"what do ya want for nothing?"))).Replace("-", "").Substring(0, 16)': "5BDCC146BF60754E",
    'BitConverter.ToString(SHA256.Create().ComputeHash(Encoding.ASCII.GetBytes("abc"))).Substring(0, 11)': (
        "BA-78-16-BF"
    ),
    'Encoding.UTF8.GetString(Encoding.UTF8.GetBytes("plain").Encrypt("Aes", new byte[16], new byte[16])'
    '.Decrypt("Aes", new byte[16], new byte[16]))': "plain",
    "new System.Security.Cryptography.HMACSHA1 { Key = new byte[1] }.ComputeHash(new byte[0]).Length": 20,
    'Guid.Parse("{00112233-4455-6677-8899-aabbccddeeff}").ToByteArray()[0]': 0x33,
    # types
    'context.Variables["text"] is string s ? s : ""': "a",
    '(context.Variables["number"] as string) ?? "no text"': "no text",
    "null is string || default(int) != 0": False,
    "(int?)null == null": True,
    'new { a = 1, b = "c" }.ToString()': "{ a = 1, b = c }",
    "new string[0].ToString()": "System.String[]",
}
BLOCKS: dict[str, Any] = {
    (
        "var t = 0; for (int i = 0; i < 10; i++) { if (i == 3) continue; if (i "
        "== 6) break; t += i; } return t;"
    ): 12,
    'var t = ""; foreach (var c in "abc") { t = c + t; } return t;': "cba",
    "int i = 0; while (true) { if (++i > 4) break; } do { i--; } while (i > 2); return i;": 2,
    "int F(int x) { return x < 2 ? 1 : x * F(x - 1); } return F(6);": 720,
    "int n = 1; void Up() { n++; } Up(); Up(); return n;": 3,
    'try { return int.Parse("x"); } catch (Exception e) { return e.Message; }': (
        "Input string was not in a correct format."
    ),
    'var s = ""; try { throw new Exception("a"); } catch (Exception e) when (e.Message == "b") { s = "b"; }'
    ' catch { s += "c"; } finally { s += "f"; } return s;': "cf",
    (
        'switch (context.Request.Method) { case "GET": return 1; case "PUT": '
        'case "POST": return 2; default: return 3; }'
    ): 2,
    (
        "byte[] b = new byte[3]; unchecked { b[0] = (byte)(511 >> 1); } "
        "Array.Copy(new byte[] { 7 }, 0, b, 1, 1); return b[0] + b[1];"
    ): 262,
    (
        'var o = JObject.Parse("{\'a\':1}".Replace("\'", "\\"")); o["b"] = "c"; '
        'o.Property("a").Remove(); return '
        "o.ToString(Newtonsoft.Json.Formatting.None);"
    ): '{"b":"c"}',
    'string a = null; a ??= "x"; a += 1; return a;': "x1",
    (
        "var f = context.Request.Headers; string[] v; return "
        'f.TryGetValue("a", out v) && v != null ? v.Length : 0;'
    ): 2,
    (
        "var list = new List<int>(); list.AddRange(new[] { 3, 1, 2 }); "
        "list.Sort(); list.RemoveAt(0); return list[0];"
    ): 2,
    "const int a = 2; var b = a; { var c = b * 2; b = c; } return b;": 4,
    "using (var h = SHA1.Create()) { return h.ComputeHash(new byte[0]).Length; }": 20,
}


@pytest.mark.parametrize("code", VALUES)
def test_an_expression_has_the_value_that_dotnet_gives(code: str, context: Context) -> None:
    found = compiled(f"@({code})")(context)
    assert found == VALUES[code] and isinstance(found, bool) is isinstance(VALUES[code], bool)


@pytest.mark.parametrize("code", BLOCKS)
def test_statements_do_what_they_do_in_csharp(code: str, context: Context) -> None:
    assert compiled(f"@{{{code}}}")(context) == BLOCKS[code]


KEYS = ("NotSupportedException", "not emulated: OrdinalIgnoreCase of keys")
FAILURES = {
    "context.Product.Name": ("NullReferenceException", "Object reference not set"),
    'context.Request.Headers["none"]': ("KeyNotFoundException", "not present"),
    'int.Parse("x")': ("FormatException", "correct format"),
    "new int[1][1]": ("IndexOutOfRangeException", "bounds"),
    "1 / (context.Response.StatusCode - 404)": ("DivideByZeroException", "divide by zero"),
    '(string)context.Variables["number"]': ("InvalidCastException", "'System.Int32' to type 'System.String'"),
    '(long)context.Variables["number"]': ("InvalidCastException", "'System.Int32' to type 'System.Int64'"),
    'context.Variables.GetValueOrDefault<string>("number")': ("InvalidCastException", "System.Int32"),
    '(string)JObject.Parse("{}")': ("ArgumentException", "Can not convert Object to String"),
    'JObject.Parse("[")': ("JsonReaderException", "Error reading"),
    "checked(int.MaxValue + 1)": ("OverflowException", "Int32"),
    '"abc".Substring(4)': ("ArgumentOutOfRangeException", "startIndex"),
    "new string[0].First()": ("InvalidOperationException", "no elements"),
    'Convert.FromBase64String("!")': ("FormatException", "Base-64"),
    "((string)null).Length": ("NullReferenceException", "Object reference"),
    'throw new Exception("own")': ("System.Exception", "own"),
    "new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)": KEYS,
    "new HashSet<string>(StringComparer.OrdinalIgnoreCase)": KEYS,
    'new HashSet<string>(new[] { "a" }, StringComparer.OrdinalIgnoreCase)': KEYS,
    r'Regex.Unescape(@"\y")': ("ArgumentException", r"Unrecognized escape sequence \y"),
    "context.Request.Body.As<string>() + context.Request.Body.As<string>()": (
        "InvalidOperationException",
        "preserveContent",
    ),
}


@pytest.mark.parametrize("code", FAILURES)
def test_what_an_expression_raises_is_named_as_dotnet_names_it(code: str, context: Context) -> None:
    kind, words = FAILURES[code]
    with pytest.raises(EvaluationFailure, match=re.escape(words)) as caught:
        compiled(f"@({code})")(context)
    assert caught.value.kind.endswith(kind) and caught.value.reason == FAILURE
    assert caught.value.message.startswith("Expression evaluation failed. ")


ENDLESS = (
    "while (true) { }",
    "for (;;) ;",
    "int F(int x) { return F(x + 1); } return F(0);",
    "try { while (true) { } } catch { return 1; } finally { }",
    'var s = "a"; for (int i = 0; i < 100; i++) { s += s; } return s;',
    "return new int[1000000000];",
    'return "a".PadLeft(2000000000);',
    "return Enumerable.Range(0, 2000000000).Count();",
    'var l = new List<string>(); while (true) { l.Add("a".PadLeft(1000000)); }',
    'return string.Join("", Enumerable.Repeat("a".PadLeft(1000000), 1000000));',
    "var l = Enumerable.Range(0, 1000).ToList(); return l.SelectMany(a => l.SelectMany(b => l)).Count();",
)


@pytest.mark.parametrize("code", ENDLESS)
def test_an_expression_that_would_not_end_is_ended(code: str, context: Context) -> None:
    with pytest.raises(EvaluationFailure) as caught:
        compiled(f"@{{ {code} }}")(context)
    assert caught.value.kind in ("System.TimeoutException", "System.InsufficientExecutionStackException")


def test_a_regular_expression_that_may_take_for_ever_is_refused(context: Context) -> None:
    for pattern in ("(a+)+b", "(ab|a)*b", r"(\w+\s?)*x"):
        with pytest.raises(EvaluationFailure, match="not emulated"):
            compiled(f'@(Regex.IsMatch("ab", @"{pattern}"))')(context)
    with pytest.raises(EvaluationFailure, match="4096 are the most"):
        compiled('@(Regex.IsMatch("a".PadLeft(5000), "a*a*b"))')(context)


def test_literals_are_their_text_and_values_are_shown_as_csharp_shows_them(context: Context) -> None:
    assert evaluate(Value(" a "), context) == " a "
    assert evaluate(Value('\n @("a" + 1)\n'), context) == "a1"
    shown = [text(compiled(f"@({code})")(context)) for code in ("true", "1.0", "null", "new Guid()", "1.5m")]
    assert shown == ["True", "1", "", "00000000-0000-0000-0000-000000000000", "1.5"]


def test_a_verified_token_is_one_of_expressions_values(context: Context) -> None:
    context.variables["token"] = jwt_of({"alg": "RS256"}, {"sub": "me", "roles": ["a", "b"], "exp": 10})
    found = compiled('@(((Jwt)context.Variables["token"]).Subject + context.Api.Id)')(context)
    assert found == "mescoring"
    assert compiled('@(((Jwt)context.Variables["token"]).Claims["roles"].Contains("b"))')(context) is True


@settings(max_examples=200, deadline=None)
@given(
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from(("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "<", "==")),
)
def test_int32_arithmetic_wraps_around(one: int, two: int, operator: str) -> None:
    """Against the same by 64-bit arithmetic, cut to 32 bits."""
    context = Context(variables={"a": one, "b": two})
    code = f'@((int)context.Variables["a"] {operator} (int)context.Variables["b"])'
    if operator in "/%" and two == 0:
        with pytest.raises(EvaluationFailure, match="divide by zero"):
            compiled(code)(context)
        return
    found = compiled(code)(context)
    quotient = int(abs(one) // abs(two)) * (1 if one * two >= 0 else -1) if two else 0
    wanted: Any = {
        "+": one + two,
        "-": one - two,
        "*": one * two,
        "/": quotient,
        "%": one - quotient * two,
        "&": one & two,
        "|": one | two,
        "^": one ^ two,
        "<<": one << (two & 31),
        ">>": one >> (two & 31),
        "<": one < two,
        "==": one == two,
    }[operator]
    assert found == (wanted if isinstance(wanted, bool) else (wanted + 2**31) % 2**32 - 2**31)
