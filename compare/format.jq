# format.jq - figures as people read them, for table.jq, view.jq and others. null is a dash.

def dash: "–";

def number($digits): if . == null then dash else
	(. * pow(10; $digits) | round) as $n
	| ($n | tostring) as $t
	| if $digits == 0 then $t else
		("0" * ([$digits + 1 - ($t | length), 0] | max) // "") as $zeros
		| ($zeros + $t) as $p
		| $p[:-$digits] + "." + $p[-$digits:]
	  end end;

# Decimal, as docker prints sizes.
def size: if . == null then dash
	elif . >= 1e8 then (. / 1e6 | number(0)) + " MB"
	elif . >= 1e6 then (. / 1e6 | number(2)) + " MB"
	elif . >= 1e3 then (. / 1e3 | number(0)) + " kB"
	else number(0) + " B" end;

# Three significant digits.
def significant: if . == null then dash
	elif . >= 100 then number(0)
	elif . >= 10 then number(1)
	elif . >= 1 then number(2)
	else number(3) end;

def seconds: if . == null then dash else significant + " s" end;
def milliseconds: if . == null then dash elif . < 10 then number(2) + " ms" else number(0) + " ms" end;
def microseconds: if . == null then dash elif . >= 10000 then (. / 1000 | significant) + " ms"
	else significant + " µs" end;

def thousands: if . == null then dash else
	def groups: if length <= 3 then . else (.[:-3] | groups) + "," + .[-3:] end;
	number(0) | groups end;

def per_second: if . == null then dash else thousands + "/s" end;
def yes_no: if . == null then dash elif . then "yes" else "no" end;
def text: if . == null then dash else tostring end;

# The name of each figure in the tables.
def figures: {
	size_bytes: "size", compressed_bytes: "gzip", zstd_bytes: "zstd", disk_bytes: "on disk",
	engine_size_bytes: "as the engine prints it", attestation_bytes: "attestations, left out",
	wasted_bytes: "wasted", layers: "layers", files: "files", executables: "executables",
	setuid_files: "setuid files", os_packages: "OS packages", has_shell: "shell", user: "user",
	build_cold_s: "build, cold", build_warm_s: "build, warm", build_apt_s: "packages, cold", build_libraries_s: "libraries, cold",
	build_hello_s: "hello, cold", service_start_ms: "service alone", push_s: "push", pull_s: "pull",
	first_response_ms: "first response", idle_memory_bytes: "memory, idle",
	requests_per_s: "requests", cpu_us_per_request: "CPU a request",
	min_memory_bytes: "memory, least", health: "health", stop_ms: "stop", exit_code: "exit code",
	cves: "CVEs", cves_of_sbom: "CVEs of the SBOM", cves_by_severity: "by severity",
	scanner_packages: "packages a scanner sees", sbom_packages: "libraries in the SBOM", cve_scanner: "scanner"
};
def caption: . as $key | figures[$key] // $key;

def show($key): if . == null then dash
	elif $key == "has_shell" then yes_no
	elif $key | endswith("_bytes") then size
	elif $key | endswith("_per_s") then per_second
	elif $key | endswith("_us_per_request") or endswith("_us") then microseconds
	elif $key == "syscalls_per_request" then number(2)
	elif $key | endswith("_ms") then milliseconds
	elif $key | endswith("_s") then seconds
	elif type == "number" then thousands
	else text end;

# What a scanner's 0 means, for every report.
def scanner_note: "A scanner compares package records with a database of vulnerabilities. scratch has no record, so a scanner finds 0 CVEs there, whatever is in /hello: 0 means that nothing was looked at. What is in /hello stands in its bill of materials (sbom.cdx.json), and the same scanner reads that: CVEs of the SBOM.";

# The least and the greatest of the samples, with the unit once: "230 to 268".
def spread($key): map(show($key)) | if (.[0] | split(" ") | .[1]) == (.[1] | split(" ") | .[1])
	then "\(.[0] | split(" ")[0]) to \(.[1] | split(" ")[0])" else "\(.[0]) to \(.[1])" end;

# null: over loopback, whose bandwidth is not limited.
def bandwidth: if . == null then "loopback" else "\(.) Mbit/s" end;
