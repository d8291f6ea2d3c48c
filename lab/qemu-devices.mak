# SPDX-License-Identifier: GPL-2.0-or-later
#
# The devices of QEMU for the lab and the qtests, for configure's --with-devices-aarch64: all others are off. What the
# machine itself needs it selects. build-qemu.sh adds VIRTIO_9P for x86.
CONFIG_ARM_VIRT=y
CONFIG_ARM_SMMUV3_ACCEL=y
CONFIG_IOMMUFD=y
CONFIG_VFIO_PCI=y
# buses
CONFIG_IOH3420=y
CONFIG_PCIE_PCI_BRIDGE=y
CONFIG_PCIE_PORT=y
CONFIG_PXB=y
CONFIG_XIO3130=y
# given to the guest by the emulated host
CONFIG_EDU=y
CONFIG_IGB_PCI_EXPRESS=y
CONFIG_NVME_PCI=y
# what these, bridges and virt call and do not select
CONFIG_CXL=y
CONFIG_CXL_MEM_DEVICE=y
CONFIG_E1000E_PCI_EXPRESS=y
CONFIG_PCI_BRIDGE=y
CONFIG_SPDM_SOCKET=y
# the other machine with an SMMUv3, and what lets any machine have MSI capabilities, an MSI controller or not
CONFIG_PCI_EXPRESS_ASPEED=y
CONFIG_SBSA_REF=y
# disks of a guest, and what is refused behind the accelerated SMMUv3
CONFIG_VFIO_USER=y
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_IOMMU=y
CONFIG_VIRTIO_NET=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_RNG=y
