/* Source annotation marks, old (`__in`) and new (`_In_`): all empty here.
 *
 * `__in` and `__out` are names of parameters inside libstdc++. Its headers must
 * therefore have been read before these macros exist: windows.h includes those
 * that matter in C++17 and C++20 first. A C++ program that meets an error in
 * another one includes that before windows.h, or defines HOLDFAST_NO_OLD_SAL,
 * compiles faster, and does without the old marks. glibc's headers use neither
 * name. `__reserved`, `__success`, `__callback` and the like are left
 * alone: system headers have members of these names, and an empty macro would
 * change their structures without a word. */
#ifndef HOLDFAST_SAL_H
#define HOLDFAST_SAL_H

#ifndef HOLDFAST_NO_OLD_SAL
#define __in
#define __out
#define __inout
#define __in_opt
#define __out_opt
#define __inout_opt
#define __in_z
#define __in_z_opt
#define __in_bcount(size)
#define __in_bcount_opt(size)
#define __in_ecount(size)
#define __in_ecount_opt(size)
#define __in_ecount_z(size)
#define __out_bcount(size)
#define __out_bcount_opt(size)
#define __out_bcount_part(size, length)
#define __out_bcount_part_opt(size, length)
#define __out_ecount(size)
#define __out_ecount_opt(size)
#define __out_ecount_part(size, length)
#define __out_ecount_part_opt(size, length)
#define __out_ecount_z(size)
#define __out_z
#define __inout_bcount(size)
#define __inout_bcount_opt(size)
#define __inout_ecount(size)
#define __inout_ecount_opt(size)
#define __inout_z
#define __deref_in
#define __deref_in_opt
#define __deref_inout
#define __deref_inout_opt
#define __deref_out
#define __deref_out_opt
#define __deref_opt_out
#define __deref_opt_out_opt
#define __deref_out_bcount(size)
#define __deref_out_ecount(size)
#define __checkReturn
#define __nullterminated
#define __nullnullterminated
#endif

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(size)
#define _In_reads_opt_(size)
#define _In_reads_z_(size)
#define _In_reads_bytes_(size)
#define _In_reads_bytes_opt_(size)
#define _In_reads_or_z_(size)
#define _In_range_(low, high)
#define _Out_
#define _Out_opt_
#define _Out_writes_(size)
#define _Out_writes_opt_(size)
#define _Out_writes_z_(size)
#define _Out_writes_opt_z_(size)
#define _Out_writes_to_(size, count)
#define _Out_writes_to_opt_(size, count)
#define _Out_writes_all_(size)
#define _Out_writes_bytes_(size)
#define _Out_writes_bytes_opt_(size)
#define _Out_writes_bytes_to_(size, count)
#define _Out_writes_bytes_to_opt_(size, count)
#define _Out_writes_bytes_all_(size)
#define _Out_range_(low, high)
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_opt_z_
#define _Inout_updates_(size)
#define _Inout_updates_opt_(size)
#define _Inout_updates_z_(size)
#define _Inout_updates_to_(size, count)
#define _Inout_updates_bytes_(size)
#define _Inout_updates_bytes_opt_(size)
#define _Inout_updates_bytes_to_(size, count)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_opt_result_maybenull_
#define _Outptr_result_z_
#define _Outptr_opt_result_z_
#define _Outptr_result_maybenull_z_
#define _Outptr_result_buffer_(size)
#define _Outptr_result_bytebuffer_(size)
#define _Outptr_result_nullonfailure_
#define _COM_Outptr_
#define _COM_Outptr_opt_
#define _Outref_
#define _Ret_
#define _Ret_opt_
#define _Ret_z_
#define _Ret_maybenull_
#define _Ret_maybenull_z_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_writes_(size)
#define _Ret_writes_bytes_(size)
#define _Ret_range_(low, high)
#define _Reserved_
#define _Const_
#define _Success_(expression)
#define _Return_type_success_(expression)
#define _On_failure_(annotations)
#define _When_(expression, annotations)
#define _At_(target, annotations)
#define _Field_size_(size)
#define _Field_size_opt_(size)
#define _Field_size_bytes_(size)
#define _Field_size_bytes_opt_(size)
#define _Field_size_bytes_full_(size)
#define _Field_size_full_(size)
#define _Field_range_(low, high)
#define _Field_z_
#define _Struct_size_bytes_(size)
#define _Check_return_
#define _Must_inspect_result_
#define _Printf_format_string_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Notnull_
#define _Maybenull_
#define _Null_
#define _Pre_
#define _Pre_z_
#define _Pre_valid_
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Post_
#define _Post_z_
#define _Post_valid_
#define _Post_invalid_
#define _Post_ptr_invalid_
#define _Post_notnull_
#define _Prepost_
#define _Valid_
#define _Use_decl_annotations_
#define _Analysis_assume_(expression)
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _Function_class_(name)
#define _IRQL_requires_max_(level)

#endif
