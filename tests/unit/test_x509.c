/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of x509/: objects as bytes with views into them, in test_x509_*.c. */
#include "config.h"

#include "unit/test_x509.h"

int
main(void)
{
	return test_x509_der() + test_x509_oid() + test_x509_name() + test_x509_general() +
	       test_x509_ext() + test_x509_cert() + test_x509_openssl() + test_x509_ocsp();
}
