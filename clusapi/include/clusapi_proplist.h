/* Property lists in memory: what the input buffers of the Ex functions hold.
 * Included by ClusAPI.h.
 *
 *     DWORD nPropertyCount
 *     for each property: a name, one value (or more), a DWORD end mark of 0
 *     a name or value: CLUSPROP_SYNTAX, DWORD cbLength, cbLength bytes, zeros up
 *                      to a multiple of 4
 *
 * Strings in a list are made of WCHARs, here of 4 bytes each; the library turns
 * a list into the 16-bit layout of Windows before it sends it. Code that
 * computes lengths with sizeof(WCHAR) is right on both. */
#ifndef HOLDFAST_CLUSAPI_PROPLIST_H
#define HOLDFAST_CLUSAPI_PROPLIST_H

/* The layouts of Windows need arrays without a length inside other structures,
 * which every compiler here takes but -Wpedantic minds. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

enum CLUSTER_PROPERTY_TYPE {
    CLUSPROP_TYPE_UNKNOWN = -1,
    CLUSPROP_TYPE_ENDMARK = 0,
    CLUSPROP_TYPE_LIST_VALUE = 1,
    CLUSPROP_TYPE_RESCLASS = 2,
    CLUSPROP_TYPE_RESERVED1 = 3,
    CLUSPROP_TYPE_NAME = 4,
    CLUSPROP_TYPE_SIGNATURE = 5,
    CLUSPROP_TYPE_SCSI_ADDRESS = 6,
    CLUSPROP_TYPE_DISK_NUMBER = 7,
    CLUSPROP_TYPE_PARTITION_INFO = 8,
    CLUSPROP_TYPE_FTSET_INFO = 9,
    CLUSPROP_TYPE_DISK_SERIALNUMBER = 10,
    CLUSPROP_TYPE_DISK_GUID = 11,
    CLUSPROP_TYPE_DISK_SIZE = 12,
    CLUSPROP_TYPE_PARTITION_INFO_EX = 13,
    CLUSPROP_TYPE_PARTITION_INFO_EX2 = 14,
    CLUSPROP_TYPE_STORAGE_DEVICE_ID_DESCRIPTOR = 15,
    CLUSPROP_TYPE_USER = 0x8000,
};

enum CLUSTER_PROPERTY_FORMAT {
    CLUSPROP_FORMAT_UNKNOWN = 0,
    CLUSPROP_FORMAT_BINARY = 1,
    CLUSPROP_FORMAT_DWORD = 2,
    CLUSPROP_FORMAT_SZ = 3,
    CLUSPROP_FORMAT_EXPAND_SZ = 4,
    CLUSPROP_FORMAT_MULTI_SZ = 5,
    CLUSPROP_FORMAT_ULARGE_INTEGER = 6,
    CLUSPROP_FORMAT_LONG = 7,
    CLUSPROP_FORMAT_EXPANDED_SZ = 8,
    CLUSPROP_FORMAT_SECURITY_DESCRIPTOR = 9,
    CLUSPROP_FORMAT_LARGE_INTEGER = 10,
    CLUSPROP_FORMAT_WORD = 11,
    CLUSPROP_FORMAT_FILETIME = 12,
    CLUSPROP_FORMAT_VALUE_LIST = 13,
    CLUSPROP_FORMAT_PROPERTY_LIST = 14,
    CLUSPROP_FORMAT_USER = 0x8000,
};

#define CLUSPROP_SYNTAX_VALUE(type, format) (((DWORD)(type) << 16) | (DWORD)(format))

#define CLUSPROP_SYNTAX_ENDMARK 0x00000000U
#define CLUSPROP_SYNTAX_NAME 0x00040003U
#define CLUSPROP_SYNTAX_RESCLASS 0x00020002U
#define CLUSPROP_SYNTAX_LIST_VALUE_BINARY 0x00010001U
#define CLUSPROP_SYNTAX_LIST_VALUE_DWORD 0x00010002U
#define CLUSPROP_SYNTAX_LIST_VALUE_SZ 0x00010003U
#define CLUSPROP_SYNTAX_LIST_VALUE_EXPAND_SZ 0x00010004U
#define CLUSPROP_SYNTAX_LIST_VALUE_MULTI_SZ 0x00010005U
#define CLUSPROP_SYNTAX_LIST_VALUE_ULARGE_INTEGER 0x00010006U
#define CLUSPROP_SYNTAX_LIST_VALUE_LONG 0x00010007U
#define CLUSPROP_SYNTAX_LIST_VALUE_EXPANDED_SZ 0x00010008U
#define CLUSPROP_SYNTAX_LIST_VALUE_SECURITY_DESCRIPTOR 0x00010009U
#define CLUSPROP_SYNTAX_LIST_VALUE_LARGE_INTEGER 0x0001000AU
#define CLUSPROP_SYNTAX_LIST_VALUE_WORD 0x0001000BU
#define CLUSPROP_SYNTAX_LIST_VALUE_FILETIME 0x0001000CU
#define CLUSPROP_SYNTAX_LIST_VALUE_PROPERTY_LIST 0x0001000EU

/* Up to the next multiple of 4. */
#define ALIGN_CLUSPROP(count) (((count) + 3) & ~3U)

typedef union CLUSPROP_SYNTAX {
    DWORD dw;
    __extension__ struct {
        WORD wFormat; /* The low half. */
        WORD wType;
    };
} CLUSPROP_SYNTAX, *PCLUSPROP_SYNTAX;

typedef struct CLUSPROP_VALUE {
    CLUSPROP_SYNTAX Syntax;
    DWORD cbLength; /* Of the data that follows, without padding. */
} CLUSPROP_VALUE, *PCLUSPROP_VALUE;

/* On Windows these structures derive from CLUSPROP_VALUE, which takes an
 * extension of its compiler. The members repeated give the same layout and the
 * same expressions (`p->Syntax.dw`, `p->cbLength`). */
#define CLUSPROP_VALUE_MEMBERS \
    CLUSPROP_SYNTAX Syntax;    \
    DWORD cbLength

/* Values start at multiples of 4 only, also those of 64 bits. */
#define CLUSPROP_UNALIGNED __attribute__((packed, aligned(4)))

typedef struct CLUSPROP_BINARY {
    CLUSPROP_VALUE_MEMBERS;
    __extension__ BYTE rgb[];
} CLUSPROP_BINARY, *PCLUSPROP_BINARY;

typedef struct CLUSPROP_WORD {
    CLUSPROP_VALUE_MEMBERS;
    WORD w;
} CLUSPROP_WORD, *PCLUSPROP_WORD;

typedef struct CLUSPROP_DWORD {
    CLUSPROP_VALUE_MEMBERS;
    DWORD dw;
} CLUSPROP_DWORD, *PCLUSPROP_DWORD;

typedef struct CLUSPROP_LONG {
    CLUSPROP_VALUE_MEMBERS;
    LONG l;
} CLUSPROP_LONG, *PCLUSPROP_LONG;

typedef struct CLUSPROP_SZ {
    CLUSPROP_VALUE_MEMBERS;
    __extension__ WCHAR sz[];
} CLUSPROP_SZ, *PCLUSPROP_SZ, CLUSPROP_MULTI_SZ, *PCLUSPROP_MULTI_SZ, CLUSPROP_PROPERTY_NAME,
    *PCLUSPROP_PROPERTY_NAME;

typedef struct CLUSPROP_UNALIGNED CLUSPROP_ULARGE_INTEGER {
    CLUSPROP_VALUE_MEMBERS;
    ULARGE_INTEGER li;
} CLUSPROP_ULARGE_INTEGER, *PCLUSPROP_ULARGE_INTEGER;

typedef struct CLUSPROP_UNALIGNED CLUSPROP_LARGE_INTEGER {
    CLUSPROP_VALUE_MEMBERS;
    LARGE_INTEGER li;
} CLUSPROP_LARGE_INTEGER, *PCLUSPROP_LARGE_INTEGER;

typedef struct CLUSPROP_FILETIME {
    CLUSPROP_VALUE_MEMBERS;
    FILETIME ft;
} CLUSPROP_FILETIME, *PCLUSPROP_FILETIME;

typedef struct CLUSPROP_SECURITY_DESCRIPTOR {
    CLUSPROP_VALUE_MEMBERS;
    __extension__ union {
        SECURITY_DESCRIPTOR_RELATIVE sd;
        __extension__ BYTE rgbSecurityDescriptor[0];
    };
} CLUSPROP_SECURITY_DESCRIPTOR, *PCLUSPROP_SECURITY_DESCRIPTOR;

typedef struct CLUS_RESOURCE_CLASS_INFO {
    __extension__ union {
        struct {
            DWORD rc; /* A CLUSTER_RESOURCE_CLASS. */
            DWORD SubClass;
        };
        ULARGE_INTEGER li;
    };
} CLUS_RESOURCE_CLASS_INFO, *PCLUS_RESOURCE_CLASS_INFO;

typedef struct CLUSPROP_RESOURCE_CLASS {
    CLUSPROP_VALUE_MEMBERS;
    DWORD rc;
} CLUSPROP_RESOURCE_CLASS, *PCLUSPROP_RESOURCE_CLASS;

typedef struct CLUSPROP_LIST {
    DWORD nPropertyCount;
    CLUSPROP_PROPERTY_NAME PropertyName;
} CLUSPROP_LIST, *PCLUSPROP_LIST;

/* One pointer with a type for every step through a list. */
typedef union CLUSPROP_BUFFER_HELPER {
    BYTE *pb;
    WORD *pw;
    DWORD *pdw;
    LONG *pl;
    LPWSTR psz;
    PCLUSPROP_LIST pList;
    PCLUSPROP_SYNTAX pSyntax;
    PCLUSPROP_PROPERTY_NAME pName;
    PCLUSPROP_VALUE pValue;
    PCLUSPROP_BINARY pBinaryValue;
    PCLUSPROP_WORD pWordValue;
    PCLUSPROP_DWORD pDwordValue;
    PCLUSPROP_LONG pLongValue;
    PCLUSPROP_ULARGE_INTEGER pULargeIntegerValue;
    PCLUSPROP_LARGE_INTEGER pLargeIntegerValue;
    PCLUSPROP_SZ pStringValue;
    PCLUSPROP_MULTI_SZ pMultiSzValue;
    PCLUSPROP_SECURITY_DESCRIPTOR pSecurityDescriptor;
    PCLUSPROP_RESOURCE_CLASS pResourceClassValue;
    PCLUSPROP_FILETIME pFileTimeValue;
} CLUSPROP_BUFFER_HELPER, *PCLUSPROP_BUFFER_HELPER;

#define CLUSPROP_BINARY_DECLARE(name, cb) \
    struct {                              \
        CLUSPROP_SYNTAX Syntax;           \
        DWORD cbLength;                   \
        BYTE rgb[((cb) + 3) & ~3];        \
    } name

#define CLUSPROP_SZ_DECLARE(name, cch) \
    struct {                           \
        CLUSPROP_SYNTAX Syntax;        \
        DWORD cbLength;                \
        WCHAR sz[((cch) + 1) & ~1];    \
    } name

#define CLUSPROP_PROPERTY_NAME_DECLARE(name, cch) CLUSPROP_SZ_DECLARE(name, cch)

#pragma GCC diagnostic pop

#endif
