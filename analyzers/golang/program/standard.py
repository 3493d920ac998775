# ruff: noqa: E501 - one declaration is one line
"""The standard library's declarations that Kubernetes' code leans on, so that types and sizes do not end where it begins.

What callers see is here (pkg.go.dev/std), and of structs the fields as of Go 1.23, as far as a size needs them. What is not listed
is unknown, and so is the size of a struct that holds the undeclared type `unlisted`.
"""

from functools import cache

from analyzers.golang.facts.source import SourceFile

__all__ = ["FILE", "FOLDER", "PACKAGES", "file"]

FOLDER = "GOROOT/src"
"""Where these packages seem to be; no tree has such a folder."""

FILE = "declarations.go"

_SOURCES: dict[str, str] = {
    "bufio": """
type Reader struct { buf []byte; rd io.Reader; r, w int; err error; lastByte int; lastRuneSize int }
type Writer struct { err error; buf []byte; n int; wr io.Writer }
type Scanner struct { r io.Reader; split SplitFunc; maxTokenSize int; token []byte; buf []byte; start, end int; err error; empties int; scanCalled bool; done bool }
type SplitFunc func(data []byte, atEOF bool) (advance int, token []byte, err error)
func NewReader(rd io.Reader) *Reader
func NewWriter(w io.Writer) *Writer
func NewScanner(r io.Reader) *Scanner
func (s *Scanner) Scan() bool
func (s *Scanner) Text() string
func (s *Scanner) Bytes() []byte
func (s *Scanner) Err() error
func (b *Reader) ReadString(delim byte) (string, error)
func (b *Reader) ReadBytes(delim byte) ([]byte, error)
func (b *Reader) ReadLine() (line []byte, isPrefix bool, err error)
func (b *Reader) Read(p []byte) (n int, err error)
func (b *Writer) Flush() error
func (b *Writer) Write(p []byte) (nn int, err error)
func (b *Writer) WriteString(s string) (int, error)
""",
    "bytes": """
type Buffer struct { buf []byte; off int; lastRead int8 }
type Reader struct { s []byte; i int64; prevRune int }
func NewBuffer(buf []byte) *Buffer
func NewBufferString(s string) *Buffer
func NewReader(b []byte) *Reader
func (b *Buffer) Bytes() []byte
func (b *Buffer) String() string
func (b *Buffer) Len() int
func (b *Buffer) Reset()
func (b *Buffer) Write(p []byte) (n int, err error)
func (b *Buffer) WriteString(s string) (n int, err error)
func (b *Buffer) WriteByte(c byte) error
func (b *Buffer) Read(p []byte) (n int, err error)
func Equal(a, b []byte) bool
func Compare(a, b []byte) int
func Contains(b, subslice []byte) bool
func Split(s, sep []byte) [][]byte
func TrimSpace(s []byte) []byte
""",
    "compress/gzip": """
type Reader struct { unlisted }
type Writer struct { unlisted }
func NewReader(r io.Reader) (*Reader, error)
func NewWriter(w io.Writer) *Writer
func (z *Reader) Close() error
func (z *Reader) Read(p []byte) (n int, err error)
func (z *Writer) Close() error
func (z *Writer) Write(p []byte) (int, error)
""",
    "container/heap": """
type Interface interface { sort.Interface; Push(x any); Pop() any }
func Init(h Interface)
func Push(h Interface, x any)
func Pop(h Interface) any
func Remove(h Interface, i int) any
func Fix(h Interface, i int)
""",
    "container/list": """
type Element struct { next, prev *Element; list *List; Value any }
type List struct { root Element; len int }
func New() *List
func (e *Element) Next() *Element
func (e *Element) Prev() *Element
func (l *List) Front() *Element
func (l *List) Back() *Element
func (l *List) Len() int
func (l *List) PushBack(v any) *Element
func (l *List) PushFront(v any) *Element
func (l *List) Remove(e *Element) any
func (l *List) MoveToFront(e *Element)
""",
    "context": """
type Context interface { Deadline() (deadline time.Time, ok bool); Done() <-chan struct{}; Err() error; Value(key any) any }
type CancelFunc func()
type CancelCauseFunc func(cause error)
var Canceled, DeadlineExceeded error
func Background() Context
func TODO() Context
func WithCancel(parent Context) (ctx Context, cancel CancelFunc)
func WithCancelCause(parent Context) (ctx Context, cancel CancelCauseFunc)
func WithDeadline(parent Context, d time.Time) (Context, CancelFunc)
func WithTimeout(parent Context, timeout time.Duration) (Context, CancelFunc)
func WithTimeoutCause(parent Context, timeout time.Duration, cause error) (Context, CancelFunc)
func WithValue(parent Context, key, val any) Context
func WithoutCancel(parent Context) Context
func Cause(c Context) error
""",
    "crypto": """
type Signer interface { Public() PublicKey; Sign(rand io.Reader, digest []byte, opts SignerOpts) (signature []byte, err error) }
type SignerOpts interface { HashFunc() Hash }
type PublicKey any
type PrivateKey any
type Hash uint
""",
    "crypto/md5": """
func New() hash.Hash
func Sum(data []byte) [16]byte
""",
    "crypto/sha1": """
func New() hash.Hash
func Sum(data []byte) [20]byte
""",
    "crypto/sha256": """
func New() hash.Hash
func Sum256(data []byte) [32]byte
""",
    "crypto/tls": """
type Certificate struct { Certificate [][]byte; PrivateKey crypto.PrivateKey; SupportedSignatureAlgorithms []SignatureScheme; OCSPStaple []byte; SignedCertificateTimestamps [][]byte; Leaf *x509.Certificate }
type ConnectionState struct { Version uint16; HandshakeComplete bool; grew unlisted }
type Config struct { Rand io.Reader; grew unlisted }
type ClientAuthType int
type SignatureScheme uint16
""",
    "crypto/x509": """
type Certificate struct { Raw []byte; grew unlisted }
type CertPool struct { grew unlisted }
type SignatureAlgorithm int
type PublicKeyAlgorithm int
type KeyUsage int
type ExtKeyUsage int
type VerifyOptions struct { DNSName string; Intermediates *CertPool; Roots *CertPool; CurrentTime time.Time; KeyUsages []ExtKeyUsage; MaxConstraintComparisions int; CertificatePolicies []OID; inhibitPolicyMapping, requireExplicitPolicy, inhibitAnyPolicy bool }
func NewCertPool() *CertPool
""",
    "encoding/base64": """
type Encoding struct { unlisted }
var StdEncoding, URLEncoding, RawStdEncoding, RawURLEncoding *Encoding
func (enc *Encoding) EncodeToString(src []byte) string
func (enc *Encoding) DecodeString(s string) ([]byte, error)
""",
    "encoding/binary": """
type ByteOrder interface { Uint16([]byte) uint16; Uint32([]byte) uint32; Uint64([]byte) uint64; PutUint16([]byte, uint16); PutUint32([]byte, uint32); PutUint64([]byte, uint64); String() string }
var BigEndian, LittleEndian ByteOrder
""",
    "encoding/hex": """
func EncodeToString(src []byte) string
func DecodeString(s string) ([]byte, error)
""",
    "encoding/json": """
type Marshaler interface { MarshalJSON() ([]byte, error) }
type Unmarshaler interface { UnmarshalJSON([]byte) error }
type RawMessage []byte
type Number string
type Decoder struct { unlisted }
type Encoder struct { unlisted }
func Marshal(v any) ([]byte, error)
func MarshalIndent(v any, prefix, indent string) ([]byte, error)
func Unmarshal(data []byte, v any) error
func NewDecoder(r io.Reader) *Decoder
func NewEncoder(w io.Writer) *Encoder
func (dec *Decoder) Decode(v any) error
func (enc *Encoder) Encode(v any) error
""",
    "encoding/xml": """
type Name struct { Space, Local string }
type Attr struct { Name Name; Value string }
""",
    "errors": """
func New(text string) error
func Is(err, target error) bool
func As(err error, target any) bool
func Unwrap(err error) error
func Join(errs ...error) error
""",
    "flag": """
type FlagSet struct { unlisted }
type Value interface { String() string; Set(string) error }
""",
    "fmt": """
type Stringer interface { String() string }
type State interface { Write(b []byte) (n int, err error); Width() (wid int, ok bool); Precision() (prec int, ok bool); Flag(c int) bool }
func Sprintf(format string, a ...any) string
func Sprint(a ...any) string
func Sprintln(a ...any) string
func Errorf(format string, a ...any) error
func Printf(format string, a ...any) (n int, err error)
func Println(a ...any) (n int, err error)
func Print(a ...any) (n int, err error)
func Fprintf(w io.Writer, format string, a ...any) (n int, err error)
func Fprintln(w io.Writer, a ...any) (n int, err error)
func Fprint(w io.Writer, a ...any) (n int, err error)
func Sscanf(str string, format string, a ...any) (n int, err error)
""",
    "go/token": """
type Pos int
type Token int
""",
    "hash": """
type Hash interface { io.Writer; Sum(b []byte) []byte; Reset(); Size() int; BlockSize() int }
type Hash32 interface { Hash; Sum32() uint32 }
type Hash64 interface { Hash; Sum64() uint64 }
""",
    "hash/fnv": """
func New32() hash.Hash32
func New32a() hash.Hash32
func New64() hash.Hash64
func New64a() hash.Hash64
""",
    "io": """
type Reader interface { Read(p []byte) (n int, err error) }
type Writer interface { Write(p []byte) (n int, err error) }
type Closer interface { Close() error }
type Seeker interface { Seek(offset int64, whence int) (int64, error) }
type ReadWriter interface { Reader; Writer }
type ReadCloser interface { Reader; Closer }
type WriteCloser interface { Writer; Closer }
type ReadWriteCloser interface { Reader; Writer; Closer }
type ReadSeeker interface { Reader; Seeker }
type ReaderAt interface { ReadAt(p []byte, off int64) (n int, err error) }
type WriterTo interface { WriteTo(w Writer) (n int64, err error) }
type ReaderFrom interface { ReadFrom(r Reader) (n int64, err error) }
type ByteReader interface { ReadByte() (byte, error) }
type StringWriter interface { WriteString(s string) (n int, err error) }
type LimitedReader struct { R Reader; N int64 }
type PipeReader struct { unlisted }
type PipeWriter struct { unlisted }
var EOF, ErrUnexpectedEOF error
func ReadAll(r Reader) ([]byte, error)
func Copy(dst Writer, src Reader) (written int64, err error)
func ReadFull(r Reader, buf []byte) (n int, err error)
func WriteString(w Writer, s string) (n int, err error)
func LimitReader(r Reader, n int64) Reader
func MultiWriter(writers ...Writer) Writer
func TeeReader(r Reader, w Writer) Reader
func NopCloser(r Reader) ReadCloser
func Pipe() (*PipeReader, *PipeWriter)
""",
    "io/fs": """
type FileMode uint32
type FileInfo interface { Name() string; Size() int64; Mode() FileMode; ModTime() time.Time; IsDir() bool; Sys() any }
type DirEntry interface { Name() string; IsDir() bool; Type() FileMode; Info() (FileInfo, error) }
""",
    "io/ioutil": """
func ReadAll(r io.Reader) ([]byte, error)
func ReadFile(filename string) ([]byte, error)
func WriteFile(filename string, data []byte, perm os.FileMode) error
func ReadDir(dirname string) ([]os.FileInfo, error)
func TempDir(dir, pattern string) (name string, err error)
func TempFile(dir, pattern string) (f *os.File, err error)
func NopCloser(r io.Reader) io.ReadCloser
""",
    "iter": """
type Seq[V any] func(yield func(V) bool)
type Seq2[K, V any] func(yield func(K, V) bool)
""",
    "log": """
type Logger struct { unlisted }
func New(out io.Writer, prefix string, flag int) *Logger
func Printf(format string, v ...any)
func Println(v ...any)
func Fatalf(format string, v ...any)
func Fatal(v ...any)
""",
    "maps": """
func Keys[M ~map[K]V, K comparable, V any](m M) iter.Seq[K]
func Values[M ~map[K]V, K comparable, V any](m M) iter.Seq[V]
func All[M ~map[K]V, K comparable, V any](m M) iter.Seq2[K, V]
func Collect[K comparable, V any](seq iter.Seq2[K, V]) map[K]V
func Clone[M ~map[K]V, K comparable, V any](m M) M
func Copy[M1 ~map[K]V, M2 ~map[K]V, K comparable, V any](dst M1, src M2)
func Equal[M1, M2 ~map[K]V, K, V comparable](m1 M1, m2 M2) bool
""",
    "math": """
func Abs(x float64) float64
func Ceil(x float64) float64
func Floor(x float64) float64
func Max(x, y float64) float64
func Min(x, y float64) float64
func Pow(x, y float64) float64
func Round(x float64) float64
func Sqrt(x float64) float64
func Log(x float64) float64
func Log2(x float64) float64
const (
	MaxInt8 = 1<<7 - 1
	MaxInt16 = 1<<15 - 1
	MaxInt32 = 1<<31 - 1
	MaxInt64 = 1<<63 - 1
	MaxUint8 = 1<<8 - 1
	MaxUint16 = 1<<16 - 1
	MaxUint32 = 1<<32 - 1
	MaxUint64 = 1<<64 - 1
	MaxInt = 1<<63 - 1
)
""",
    "math/big": """
type Word uint
type nat []Word
type Int struct { neg bool; abs nat }
func NewInt(x int64) *Int
""",
    "math/rand": """
type Source interface { Int63() int64; Seed(seed int64) }
type Rand struct { src Source; s64 unlisted }
func New(src Source) *Rand
func NewSource(seed int64) Source
func Int() int
func Intn(n int) int
func Int31n(n int32) int32
func Int63n(n int64) int64
func Float64() float64
func Perm(n int) []int
func Shuffle(n int, swap func(i, j int))
func (r *Rand) Intn(n int) int
func (r *Rand) Float64() float64
func (r *Rand) Int63() int64
""",
    "net": """
type IP []byte
type IPMask []byte
type IPNet struct { IP IP; Mask IPMask }
type IPAddr struct { IP IP; Zone string }
type Addr interface { Network() string; String() string }
type Conn interface { Read(b []byte) (n int, err error); Write(b []byte) (n int, err error); Close() error; LocalAddr() Addr; RemoteAddr() Addr; SetDeadline(t time.Time) error; SetReadDeadline(t time.Time) error; SetWriteDeadline(t time.Time) error }
type Listener interface { Accept() (Conn, error); Close() error; Addr() Addr }
type PacketConn interface { ReadFrom(p []byte) (n int, addr Addr, err error); WriteTo(p []byte, addr Addr) (n int, err error); Close() error; LocalAddr() Addr }
type Error interface { error; Timeout() bool; Temporary() bool }
type HardwareAddr []byte
type Flags uint
type Interface struct { Index int; MTU int; Name string; HardwareAddr HardwareAddr; Flags Flags }
type TCPAddr struct { IP IP; Port int; Zone string }
type UDPAddr struct { IP IP; Port int; Zone string }
type TCPConn struct { fd *unlistedPointer }
type UDPConn struct { fd *unlistedPointer }
type SRV struct { Target string; Port uint16; Priority uint16; Weight uint16 }
func ParseIP(s string) IP
func ParseCIDR(s string) (IP, *IPNet, error)
func JoinHostPort(host, port string) string
func SplitHostPort(hostport string) (host, port string, err error)
func Interfaces() ([]Interface, error)
func InterfaceAddrs() ([]Addr, error)
func InterfaceByName(name string) (*Interface, error)
func LookupHost(host string) (addrs []string, err error)
func LookupIP(host string) ([]IP, error)
func Listen(network, address string) (Listener, error)
func Dial(network, address string) (Conn, error)
func DialTimeout(network, address string, timeout time.Duration) (Conn, error)
func (ip IP) String() string
func (ip IP) To4() IP
func (ip IP) To16() IP
func (ip IP) Equal(x IP) bool
func (n *IPNet) Contains(ip IP) bool
func (n *IPNet) String() string
func (ifi *Interface) Addrs() ([]Addr, error)
""",
    "net/http": """
type Handler interface { ServeHTTP(ResponseWriter, *Request) }
type HandlerFunc func(ResponseWriter, *Request)
type ResponseWriter interface { Header() Header; Write([]byte) (int, error); WriteHeader(statusCode int) }
type Flusher interface { Flush() }
type Hijacker interface { Hijack() (net.Conn, *bufio.ReadWriter, error) }
type CloseNotifier interface { CloseNotify() <-chan bool }
type RoundTripper interface { RoundTrip(*Request) (*Response, error) }
type CookieJar interface { SetCookies(u *url.URL, cookies []*Cookie); Cookies(u *url.URL) []*Cookie }
type Cookie struct { Name string; Value string; grew unlisted }
type Header map[string][]string
type ConnState int
type Dir string
type FileSystem interface { Open(name string) (File, error) }
type File interface { io.Closer; io.Reader; io.Seeker; Readdir(count int) ([]os.FileInfo, error); Stat() (os.FileInfo, error) }
type Client struct { Transport RoundTripper; CheckRedirect func(req *Request, via []*Request) error; Jar CookieJar; Timeout time.Duration }
type Request struct { Method string; URL *url.URL; Proto string; ProtoMajor int; ProtoMinor int; Header Header; Body io.ReadCloser; GetBody func() (io.ReadCloser, error); ContentLength int64; TransferEncoding []string; Close bool; Host string; Form url.Values; PostForm url.Values; MultipartForm *multipart.Form; Trailer Header; RemoteAddr string; RequestURI string; TLS *tls.ConnectionState; Cancel <-chan struct{}; Response *Response; ctx context.Context; grew unlisted }
type Response struct { Status string; StatusCode int; Proto string; ProtoMajor int; ProtoMinor int; Header Header; Body io.ReadCloser; ContentLength int64; TransferEncoding []string; Close bool; Uncompressed bool; Trailer Header; Request *Request; TLS *tls.ConnectionState }
type Server struct { Addr string; Handler Handler; grew unlisted }
type ServeMux struct { mu sync.RWMutex; grew unlisted }
type Transport struct { grew unlisted }
var DefaultClient *Client
var DefaultTransport RoundTripper
var DefaultServeMux *ServeMux
func Get(url string) (resp *Response, err error)
func NewRequest(method, url string, body io.Reader) (*Request, error)
func NewRequestWithContext(ctx context.Context, method, url string, body io.Reader) (*Request, error)
func NewServeMux() *ServeMux
func (c *Client) Do(req *Request) (*Response, error)
func (c *Client) Get(url string) (resp *Response, err error)
func (c *Client) Post(url, contentType string, body io.Reader) (resp *Response, err error)
func (h Header) Get(key string) string
func (h Header) Set(key, value string)
func (h Header) Add(key, value string)
func (h Header) Del(key string)
func (h Header) Values(key string) []string
func (h Header) Write(w io.Writer) error
func (r *Request) Context() context.Context
func (r *Request) WithContext(ctx context.Context) *Request
func (r *Request) Cookie(name string) (*Cookie, error)
func (r *Request) FormValue(key string) string
func (r *Request) UserAgent() string
func (mux *ServeMux) Handle(pattern string, handler Handler)
func (mux *ServeMux) HandleFunc(pattern string, handler func(ResponseWriter, *Request))
func (f HandlerFunc) ServeHTTP(w ResponseWriter, r *Request)
""",
    "net/url": """
type Values map[string][]string
type Userinfo struct { username string; password string; passwordSet bool }
type URL struct { Scheme string; Opaque string; User *Userinfo; Host string; Path string; RawPath string; OmitHost, ForceQuery bool; RawQuery string; Fragment string; RawFragment string }
func Parse(rawURL string) (*URL, error)
func ParseQuery(query string) (Values, error)
func QueryEscape(s string) string
func PathEscape(s string) string
func (v Values) Get(key string) string
func (v Values) Set(key, value string)
func (v Values) Add(key, value string)
func (v Values) Del(key string)
func (v Values) Encode() string
func (u *URL) String() string
func (u *URL) Query() Values
func (u *URL) Hostname() string
func (u *URL) Port() string
""",
    "os": """
type File struct { file *unlistedPointer }
type FileMode = fs.FileMode
type FileInfo = fs.FileInfo
type DirEntry = fs.DirEntry
type Signal interface { String() string; Signal() }
type Process struct { unlisted }
type ProcessState struct { unlisted }
var Stdin, Stdout, Stderr *File
var Args []string
func Open(name string) (*File, error)
func Create(name string) (*File, error)
func OpenFile(name string, flag int, perm FileMode) (*File, error)
func ReadFile(name string) ([]byte, error)
func WriteFile(name string, data []byte, perm FileMode) error
func ReadDir(name string) ([]DirEntry, error)
func Stat(name string) (FileInfo, error)
func Lstat(name string) (FileInfo, error)
func Getenv(key string) string
func LookupEnv(key string) (string, bool)
func Hostname() (name string, err error)
func Remove(name string) error
func RemoveAll(path string) error
func Mkdir(name string, perm FileMode) error
func MkdirAll(path string, perm FileMode) error
func IsNotExist(err error) bool
func IsExist(err error) bool
func Exit(code int)
func Getpid() int
func Getwd() (dir string, err error)
func (f *File) Close() error
func (f *File) Name() string
func (f *File) Read(b []byte) (n int, err error)
func (f *File) Write(b []byte) (n int, err error)
func (f *File) WriteString(s string) (n int, err error)
func (f *File) Stat() (FileInfo, error)
func (f *File) Readdir(n int) ([]FileInfo, error)
""",
    "os/exec": """
type Cmd struct { Path string; Args []string; grew unlisted }
func Command(name string, arg ...string) *Cmd
func CommandContext(ctx context.Context, name string, arg ...string) *Cmd
func LookPath(file string) (string, error)
func (c *Cmd) Run() error
func (c *Cmd) Start() error
func (c *Cmd) Wait() error
func (c *Cmd) Output() ([]byte, error)
func (c *Cmd) CombinedOutput() ([]byte, error)
""",
    "path": """
func Join(elem ...string) string
func Base(path string) string
func Dir(path string) string
func Ext(path string) string
func Clean(path string) string
func Split(path string) (dir, file string)
func Match(pattern, name string) (matched bool, err error)
func IsAbs(path string) bool
""",
    "path/filepath": """
func Join(elem ...string) string
func Base(path string) string
func Dir(path string) string
func Ext(path string) string
func Clean(path string) string
func Abs(path string) (string, error)
func Rel(basepath, targpath string) (string, error)
func Split(path string) (dir, file string)
func Glob(pattern string) (matches []string, err error)
func EvalSymlinks(path string) (string, error)
func IsAbs(path string) bool
""",
    "reflect": """
type Type interface { Align() int; FieldAlign() int; Method(int) Method; NumMethod() int; Name() string; PkgPath() string; Size() uintptr; String() string; Kind() Kind; Elem() Type; Key() Type; Field(i int) StructField; NumField() int; NumIn() int; NumOut() int; In(i int) Type; Out(i int) Type; Implements(u Type) bool; AssignableTo(u Type) bool; ConvertibleTo(u Type) bool; Comparable() bool; Len() int }
type Kind uint
type flag uintptr
type Value struct { typ *unlistedPointer; ptr unsafe.Pointer; flag }
type Method struct { Name string; PkgPath string; Type Type; Func Value; Index int }
type StructTag string
type StructField struct { Name string; PkgPath string; Type Type; Tag StructTag; Offset uintptr; Index []int; Anonymous bool }
type ChanDir int
func TypeOf(i any) Type
func ValueOf(i any) Value
func DeepEqual(x, y any) bool
func New(typ Type) Value
func Zero(typ Type) Value
func Indirect(v Value) Value
func (v Value) Elem() Value
func (v Value) Field(i int) Value
func (v Value) FieldByName(name string) Value
func (v Value) Index(i int) Value
func (v Value) Interface() any
func (v Value) Kind() Kind
func (v Value) Len() int
func (v Value) String() string
func (v Value) Type() Type
func (v Value) IsNil() bool
func (v Value) Addr() Value
func (tag StructTag) Get(key string) string
""",
    "regexp": """
type Regexp struct { unlisted }
func Compile(expr string) (*Regexp, error)
func MustCompile(str string) *Regexp
func MatchString(pattern string, s string) (matched bool, err error)
func QuoteMeta(s string) string
func (re *Regexp) MatchString(s string) bool
func (re *Regexp) FindString(s string) string
func (re *Regexp) FindStringSubmatch(s string) []string
func (re *Regexp) FindAllString(s string, n int) []string
func (re *Regexp) ReplaceAllString(src, repl string) string
func (re *Regexp) String() string
""",
    "slices": """
func Contains[S ~[]E, E comparable](s S, v E) bool
func ContainsFunc[S ~[]E, E any](s S, f func(E) bool) bool
func Index[S ~[]E, E comparable](s S, v E) int
func IndexFunc[S ~[]E, E any](s S, f func(E) bool) int
func Sort[S ~[]E, E any](x S)
func SortFunc[S ~[]E, E any](x S, cmp func(a, b E) int)
func SortStableFunc[S ~[]E, E any](x S, cmp func(a, b E) int)
func Clone[S ~[]E, E any](s S) S
func Equal[S ~[]E, E comparable](s1, s2 S) bool
func Delete[S ~[]E, E any](s S, i, j int) S
func DeleteFunc[S ~[]E, E any](s S, del func(E) bool) S
func Insert[S ~[]E, E any](s S, i int, v ...E) S
func Values[S ~[]E, E any](s S) iter.Seq[E]
func All[S ~[]E, E any](s S) iter.Seq2[int, E]
func Concat[S ~[]E, E any](slices ...S) S
func Compact[S ~[]E, E comparable](s S) S
func Reverse[S ~[]E, E any](s S)
func Max[S ~[]E, E any](x S) E
func Min[S ~[]E, E any](x S) E
func Collect[E any](seq iter.Seq[E]) []E
func Sorted[E any](seq iter.Seq[E]) []E
func BinarySearch[S ~[]E, E any](x S, target E) (int, bool)
func BinarySearchFunc[S ~[]E, E, T any](x S, target T, cmp func(E, T) int) (int, bool)
""",
    "sort": """
type Interface interface { Len() int; Less(i, j int) bool; Swap(i, j int) }
type StringSlice []string
type IntSlice []int
func Sort(data Interface)
func Stable(data Interface)
func Reverse(data Interface) Interface
func Strings(x []string)
func Ints(x []int)
func Slice(x any, less func(i, j int) bool)
func SliceStable(x any, less func(i, j int) bool)
func Search(n int, f func(int) bool) int
func SearchStrings(a []string, x string) int
""",
    "strconv": """
func Atoi(s string) (int, error)
func Itoa(i int) string
func ParseInt(s string, base int, bitSize int) (i int64, err error)
func ParseUint(s string, base int, bitSize int) (uint64, error)
func ParseFloat(s string, bitSize int) (float64, error)
func ParseBool(str string) (bool, error)
func FormatInt(i int64, base int) string
func FormatUint(i uint64, base int) string
func FormatBool(b bool) string
func FormatFloat(f float64, fmt byte, prec, bitSize int) string
func Quote(s string) string
""",
    "strings": """
type Builder struct { addr *Builder; buf []byte }
type Reader struct { s string; i int64; prevRune int }
type Replacer struct { unlisted }
func NewReader(s string) *Reader
func NewReplacer(oldnew ...string) *Replacer
func Contains(s, substr string) bool
func ContainsAny(s, chars string) bool
func Count(s, substr string) int
func Cut(s, sep string) (before, after string, found bool)
func EqualFold(s, t string) bool
func Fields(s string) []string
func HasPrefix(s, prefix string) bool
func HasSuffix(s, suffix string) bool
func Index(s, substr string) int
func IndexByte(s string, c byte) int
func LastIndex(s, substr string) int
func Join(elems []string, sep string) string
func Map(mapping func(rune) rune, s string) string
func Repeat(s string, count int) string
func Replace(s, old, new string, n int) string
func ReplaceAll(s, old, new string) string
func Split(s, sep string) []string
func SplitN(s, sep string, n int) []string
func Title(s string) string
func ToLower(s string) string
func ToUpper(s string) string
func Trim(s, cutset string) string
func TrimLeft(s, cutset string) string
func TrimRight(s, cutset string) string
func TrimPrefix(s, prefix string) string
func TrimSuffix(s, suffix string) string
func TrimSpace(s string) string
func (b *Builder) String() string
func (b *Builder) Len() int
func (b *Builder) Grow(n int)
func (b *Builder) WriteString(s string) (int, error)
func (b *Builder) WriteByte(c byte) error
func (b *Builder) Write(p []byte) (int, error)
func (r *Replacer) Replace(s string) string
""",
    "sync": """
type Locker interface { Lock(); Unlock() }
type Mutex struct { state int32; sema uint32 }
type RWMutex struct { w Mutex; writerSem uint32; readerSem uint32; readerCount int32; readerWait int32 }
type Once struct { done uint32; m Mutex }
type WaitGroup struct { state uint64; sema uint32 }
type Cond struct { noCopy struct{}; L Locker; notify notifyList; checker uintptr }
type notifyList struct { wait uint32; notify uint32; lock uintptr; head unsafe.Pointer; tail unsafe.Pointer }
type Pool struct { noCopy struct{}; local unsafe.Pointer; localSize uintptr; victim unsafe.Pointer; victimSize uintptr; New func() any }
type Map struct { mu Mutex; grew unlisted }
func NewCond(l Locker) *Cond
func OnceFunc(f func()) func()
func OnceValue[T any](f func() T) func() T
func (m *Mutex) Lock()
func (m *Mutex) TryLock() bool
func (m *Mutex) Unlock()
func (rw *RWMutex) Lock()
func (rw *RWMutex) Unlock()
func (rw *RWMutex) RLock()
func (rw *RWMutex) RUnlock()
func (rw *RWMutex) RLocker() Locker
func (o *Once) Do(f func())
func (wg *WaitGroup) Add(delta int)
func (wg *WaitGroup) Done()
func (wg *WaitGroup) Wait()
func (wg *WaitGroup) Go(f func())
func (c *Cond) Wait()
func (c *Cond) Signal()
func (c *Cond) Broadcast()
func (p *Pool) Get() any
func (p *Pool) Put(x any)
func (m *Map) Load(key any) (value any, ok bool)
func (m *Map) Store(key, value any)
func (m *Map) LoadOrStore(key, value any) (actual any, loaded bool)
func (m *Map) LoadAndDelete(key any) (value any, loaded bool)
func (m *Map) Delete(key any)
func (m *Map) Range(f func(key, value any) bool)
""",
    "sync/atomic": """
type Value struct { v any }
type Int32 struct { _ struct{}; v int32 }
type Int64 struct { _ struct{}; _ struct{}; v int64 }
type Uint32 struct { _ struct{}; v uint32 }
type Uint64 struct { _ struct{}; _ struct{}; v uint64 }
type Bool struct { _ struct{}; v uint32 }
type Pointer[T any] struct { _ [0]*T; _ struct{}; v unsafe.Pointer }
func (v *Value) Load() any
func (v *Value) Store(val any)
func (x *Pointer[T]) Load() *T
func (x *Pointer[T]) Store(val *T)
func (x *Int32) Load() int32
func (x *Int64) Load() int64
func (x *Uint32) Load() uint32
func (x *Uint64) Load() uint64
func (x *Bool) Load() bool
func AddInt32(addr *int32, delta int32) int32
func AddInt64(addr *int64, delta int64) int64
func AddUint32(addr *uint32, delta uint32) uint32
func AddUint64(addr *uint64, delta uint64) uint64
func LoadInt32(addr *int32) int32
func LoadInt64(addr *int64) int64
func LoadUint32(addr *uint32) uint32
func LoadUint64(addr *uint64) uint64
func CompareAndSwapInt32(addr *int32, old, new int32) bool
""",
    "testing": """
type T struct { unlisted }
type B struct { N int; unlisted }
type TB interface { Errorf(format string, args ...any); Fatalf(format string, args ...any); Helper() }
""",
    "text/template": """
type FuncMap map[string]any
type Template struct { unlisted }
func New(name string) *Template
func Must(t *Template, err error) *Template
""",
    "time": """
type Duration int64
type Month int
type Weekday int
type Location struct { unlisted }
type Time struct { wall uint64; ext int64; loc *Location }
type Timer struct { C <-chan Time; grew unlisted }
type Ticker struct { C <-chan Time; grew unlisted }
type ParseError struct { Layout, Value, LayoutElem, ValueElem, Message string }
const (
	Nanosecond Duration = 1
	Microsecond = 1000 * Nanosecond
	Millisecond = 1000 * Microsecond
	Second = 1000 * Millisecond
	Minute = 60 * Second
	Hour = 60 * Minute
)
const (
	RFC3339 = "2006-01-02T15:04:05Z07:00"
	RFC3339Nano = "2006-01-02T15:04:05.999999999Z07:00"
)
var UTC, Local *Location
func Now() Time
func Since(t Time) Duration
func Until(t Time) Duration
func After(d Duration) <-chan Time
func AfterFunc(d Duration, f func()) *Timer
func Tick(d Duration) <-chan Time
func NewTimer(d Duration) *Timer
func NewTicker(d Duration) *Ticker
func Sleep(d Duration)
func Parse(layout, value string) (Time, error)
func ParseDuration(s string) (Duration, error)
func Unix(sec int64, nsec int64) Time
func Date(year int, month Month, day, hour, min, sec, nsec int, loc *Location) Time
func (d Duration) Hours() float64
func (d Duration) Minutes() float64
func (d Duration) Seconds() float64
func (d Duration) Milliseconds() int64
func (d Duration) Nanoseconds() int64
func (d Duration) String() string
func (t Time) Add(d Duration) Time
func (t Time) AddDate(years int, months int, days int) Time
func (t Time) After(u Time) bool
func (t Time) Before(u Time) bool
func (t Time) Equal(u Time) bool
func (t Time) Format(layout string) string
func (t Time) IsZero() bool
func (t Time) Local() Time
func (t Time) Sub(u Time) Duration
func (t Time) String() string
func (t Time) Truncate(d Duration) Time
func (t Time) UTC() Time
func (t Time) Unix() int64
func (t Time) UnixNano() int64
func (t *Timer) Stop() bool
func (t *Timer) Reset(d Duration) bool
func (t *Ticker) Stop()
func (t *Ticker) Reset(d Duration)
""",
    "unsafe": """
type Pointer *struct{}
func Sizeof(x any) uintptr
""",
}
# Import path -> declarations, without the package clause and the imports: each package may name every other.

PACKAGES = frozenset(_SOURCES)
"""The import paths of which something is known."""


@cache
def file(path: str) -> SourceFile | None:
    """Give the file FOLDER/import/path/FILE with the declarations of a package, None if it is not listed."""
    import_path = path.removeprefix(f"{FOLDER}/").removesuffix(f"/{FILE}")
    declared = _SOURCES.get(import_path)
    if declared is None:
        return None
    imports = "".join(f'\t"{other}"\n' for other in _SOURCES if other != import_path)
    source = f"package {import_path.rpartition('/')[2]}\n\nimport (\n{imports})\n{declared}"
    return SourceFile(path, source.encode(), f"standard library {import_path}")
