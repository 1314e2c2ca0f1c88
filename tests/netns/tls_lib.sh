# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Certificates for tests of TLS, made by openssl(1).

# tls_setup: directory $tls with a CA, ca.pem, and its certificates
tls_setup() {
	built_with HAVE_OPENSSL || skip_all 'built without OpenSSL'
	need openssl redis-server
	tls=$T/tls
	mkdir -p "$tls/issued" && chmod 755 "$tls"
	cat >"$tls/conf" <<-E
		[ca]
		default_ca = here
		[here]
		new_certs_dir = $tls/issued
		database = $tls/index
		rand_serial = yes
		unique_subject = no
		default_md = sha256
		policy = any
		copy_extensions = copy
		[any]
		commonName = supplied
		[req]
		distinguished_name = name
		[name]
	E
	: >"$tls/index"
	tls_ca ca
	# redis-server without TLS does not know the option
	! redis-server --tls-port 1 --port 0 2>&1 </dev/null | grep -q 'Bad directive' || skip_all 'redis-server has no TLS'
}

# tls_ca NAME: NAME.pem, NAME.key
tls_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config "$tls/conf" -subj "/CN=test $1" \
		-addext basicConstraints=critical,CA:true -days 2 -keyout "$tls/$1.key" -out "$tls/$1.pem" \
		>"$tls/log" 2>&1 || bail "no CA: $(cat "$tls/log")"
}

# tls_cert NAME SUBJECT_ALT_NAMES [CA [END]]: NAME.pem, NAME.key; END: YYYYMMDDHHMMSSZ
tls_cert() {
	{
		openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config "$tls/conf" -subj "/CN=$1" \
			-addext "subjectAltName = $2" -keyout "$tls/$1.key" -out "$tls/$1.csr" &&
			openssl ca -batch -notext -config "$tls/conf" -cert "$tls/${3-ca}.pem" -keyfile "$tls/${3-ca}.key" \
				-startdate 20200101000000Z -enddate "${4-20991231235959Z}" -in "$tls/$1.csr" -out "$tls/$1.pem"
	} >"$tls/log" 2>&1 || bail "no certificate: $(cat "$tls/log")"
	chmod 600 "$tls/$1.key"
}
