#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: libvirt.sh QEMU LIBVIRT
#
# libvirt, from packages unpacked in the directory LIBVIRT, probes QEMU, writes its command line, and starts it without
# running it. In place of KVM there is the qtest accelerator, which no CPU needs. Prints TAP.

set -euo pipefail
# shellcheck source=tests/unit/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
QEMU=$(realpath "$1")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
ids=()

if [[ ! -d $2 ]]; then
    echo "1..0 # SKIP $2 is missing: scripts/fetch-sources.sh newer-$(dpkg --print-architecture)"
    exit
fi
# As root libvirt would look for its own user; in a namespace of its own it is not root.
if [[ $(id -u) == 0 ]]; then
    ids=(unshare --user --map-user=1)
    if ! "${ids[@]}" true; then
        echo '1..0 # SKIP root cannot make a user namespace here: run it as another user'
        exit
    fi
fi
LIB=$(dirname "$(find "$(realpath "$2")/usr/lib" -name libvirt.so.0)")
VIRSH=$(realpath "$2")/usr/bin/virsh
LOADER=$(compgen -G "$LIB/ld-linux-*.so.*")
export HOME=$WORK XDG_RUNTIME_DIR=$WORK LIBVIRT_DRIVER_DIR=$LIB/libvirt/connection-driver
mkdir -p "$WORK/root/etc"
truncate -s 64M "$WORK/firmware.fd" # the size of a flash
# there is no log daemon
echo 'stdio_handler = "file"' >"$WORK/root/etc/qemu.conf"
cat >"$WORK/qemu" <<X
#!/bin/bash
exec '$QEMU' "\${@/#tcg/qtest}" -cpu max
X
chmod +x "$WORK/qemu"

# virsh COMMANDS: in one process, which is the daemon, too; output in $WORK/out
virsh()
{
    "${ids[@]}" "$LOADER" --library-path "$LIB" "$VIRSH" -q -c "qemu:///embed?root=$WORK/root" "$1" \
        >"$WORK/out" 2>"$WORK/err" || true
    grep ^error: "$WORK/err" >>"$WORK/out" || true
}

# has TEXT: it is in the output
has()
{
    grep -qF -- "$1" "$WORK/out" || { failed=1 && echo "# '$1' is not in:" && sed 's/^/# /' "$WORK/out"; }
}

# domain IOMMU [ELEMENT]: a machine with two pxb-pcie and root ports
domain()
{
    cat >"$WORK/domain.xml" <<X
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
<name>guest</name><memory unit='MiB'>256</memory><os><type arch='aarch64' machine='virt'>hvm</type>
<loader readonly='yes' type='pflash' stateless='yes'>$WORK/firmware.fd</loader></os>
<features><acpi/><gic version='3'/></features>
<devices><emulator>$WORK/qemu</emulator><controller type='pci' index='0' model='pcie-root'/>
<controller type='pci' index='1' model='pcie-expander-bus'><target busNr='128'/></controller>
<controller type='pci' index='2' model='pcie-root-port'><address type='pci' bus='1' slot='0'/></controller>
<controller type='pci' index='3' model='pcie-expander-bus'><target busNr='192'/></controller>
<controller type='pci' index='4' model='pcie-root-port'><address type='pci' bus='3' slot='0'/></controller>
$1</devices>${2:-}</domain>
X
}

# smmu ATTRIBUTES [BUS]: as XML
smmu() { echo "<iommu model='smmuv3'><driver pciBus='${2:-1}' $1/></iommu>"; }

# start VALUES: the domain starts, and what libvirt can set of iommu0 has these values
start()
{
    local name commands='' values
    for name in accel ats ril ssidsize oas cmdqv; do
        commands+="qemu-monitor-command guest '{\"execute\":\"qom-get\",\"arguments\":"
        commands+="{\"path\":\"/machine/peripheral/iommu0\",\"property\":\"$name\"}}';"
    done
    virsh "create $WORK/domain.xml --paused; $commands destroy guest"
    values=$(sed -n 's/^{"return":\(.*\),"id":.*/\1/p' "$WORK/out" | tr -d '"' | xargs)
    echo "$values" >>"$WORK/out"
    has "$1"
}

AUTO='true auto auto auto auto auto'
ALL="accel='on' ats='on' ril='off' ssidsize='20' oas='44' cmdqv='off'"

virsh "domcapabilities --emulatorbin $WORK/qemu --arch aarch64 --virttype qemu"
has '<machine>virt-'
cat "$WORK"/root/cache/qemu/capabilities/*.xml >"$WORK/out"
has "<flag name='arm-smmuv3.smmu_per_bus'/>"
has "<flag name='arm-smmuv3.accel'/>"
ok 'libvirt finds that QEMU has an accelerated SMMUv3'

domain "$(smmu "accel='on'")"
virsh "domxml-to-native qemu-argv $WORK/domain.xml"
has '{"driver":"arm-smmuv3","primary-bus":"pci.1","id":"iommu0","accel":true}'
start "$AUTO"
ok 'the smallest XML: all follows the host'

domain "$(smmu "$ALL")"
start 'true on off 20 44 off'
ok 'every attribute'

domain "$(smmu "accel='on' oas='48'" 1)$(smmu "accel='on'" 3)"
start 'true auto auto auto 48 auto'
ok 'two SMMUs'

domain "$(smmu "accel='on' cmdqv='on'")"
virsh "create $WORK/domain.xml --paused"
has 'cmdqv=on: hardware command queues are not supported'
ok "cmdqv='on' is refused, and libvirt reports why"

domain "$(smmu '')" "<qemu:override><qemu:device alias='iommu0'><qemu:frontend>
<qemu:property name='accel' type='bool' value='true'/></qemu:frontend></qemu:device></qemu:override>"
start "$AUTO"
ok 'accel by <qemu:override>, as for libvirt before 12.7'

finish
