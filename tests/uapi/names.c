/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

const char *uapi_call_name(enum uapi_call call)
{
    static const char *const names[UAPI_CALLS] = {
        [UAPI_ANY] = "any",
        [UAPI_OPEN_IOMMU] = "open(/dev/iommu)",
        [UAPI_OPEN_CDEV] = "open(vfio cdev)",
        [UAPI_CLOSE] = "close",
        [UAPI_DESTROY] = "IOMMU_DESTROY",
        [UAPI_IOAS_ALLOC] = "IOMMU_IOAS_ALLOC",
        [UAPI_IOAS_ALLOW_IOVAS] = "IOMMU_IOAS_ALLOW_IOVAS",
        [UAPI_IOAS_COPY] = "IOMMU_IOAS_COPY",
        [UAPI_IOAS_IOVA_RANGES] = "IOMMU_IOAS_IOVA_RANGES",
        [UAPI_IOAS_MAP] = "IOMMU_IOAS_MAP",
        [UAPI_IOAS_UNMAP] = "IOMMU_IOAS_UNMAP",
        [UAPI_OPTION] = "IOMMU_OPTION",
        [UAPI_VFIO_IOAS] = "IOMMU_VFIO_IOAS",
        [UAPI_HWPT_ALLOC] = "IOMMU_HWPT_ALLOC",
        [UAPI_GET_HW_INFO] = "IOMMU_GET_HW_INFO",
        [UAPI_HWPT_SET_DIRTY_TRACKING] = "IOMMU_HWPT_SET_DIRTY_TRACKING",
        [UAPI_HWPT_GET_DIRTY_BITMAP] = "IOMMU_HWPT_GET_DIRTY_BITMAP",
        [UAPI_HWPT_INVALIDATE] = "IOMMU_HWPT_INVALIDATE",
        [UAPI_FAULT_QUEUE_ALLOC] = "IOMMU_FAULT_QUEUE_ALLOC",
        [UAPI_IOAS_MAP_FILE] = "IOMMU_IOAS_MAP_FILE",
        [UAPI_VIOMMU_ALLOC] = "IOMMU_VIOMMU_ALLOC",
        [UAPI_VDEVICE_ALLOC] = "IOMMU_VDEVICE_ALLOC",
        [UAPI_IOAS_CHANGE_PROCESS] = "IOMMU_IOAS_CHANGE_PROCESS",
        [UAPI_VEVENTQ_ALLOC] = "IOMMU_VEVENTQ_ALLOC",
        [UAPI_HW_QUEUE_ALLOC] = "IOMMU_HW_QUEUE_ALLOC",
        [UAPI_BIND_IOMMUFD] = "VFIO_DEVICE_BIND_IOMMUFD",
        [UAPI_ATTACH_PT] = "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
        [UAPI_DETACH_PT] = "VFIO_DEVICE_DETACH_IOMMUFD_PT",
        [UAPI_DEVICE_GET_INFO] = "VFIO_DEVICE_GET_INFO",
        [UAPI_GET_REGION_INFO] = "VFIO_DEVICE_GET_REGION_INFO",
        [UAPI_GET_IRQ_INFO] = "VFIO_DEVICE_GET_IRQ_INFO",
        [UAPI_SET_IRQS] = "VFIO_DEVICE_SET_IRQS",
        [UAPI_DEVICE_RESET] = "VFIO_DEVICE_RESET",
        [UAPI_GET_PCI_HOT_RESET_INFO] = "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO",
        [UAPI_PCI_HOT_RESET] = "VFIO_DEVICE_PCI_HOT_RESET",
        [UAPI_DEVICE_FEATURE] = "VFIO_DEVICE_FEATURE",
        [UAPI_DEVICE_IOEVENTFD] = "VFIO_DEVICE_IOEVENTFD",
        [UAPI_REGION_READ] = "pread(region)",
        [UAPI_REGION_WRITE] = "pwrite(region)",
        [UAPI_REGION_MMAP] = "mmap(region)",
        [UAPI_VEVENTQ_READ] = "read(vEVENTQ)",
        [UAPI_EVENTFD] = "eventfd",
        [UAPI_EPOLL_CREATE] = "epoll_create1",
        [UAPI_EPOLL_ADD] = "epoll_ctl(vEVENTQ)",
        [UAPI_SET_NONBLOCK] = "fcntl(vEVENTQ)",
    };

    return call < UAPI_CALLS && names[call] ? names[call] : "?";
}

const char *uapi_object_name(enum uapi_object_type type)
{
    static const char *const names[UAPI_OBJ_TYPES] = {
        "device", "IOAS", "paging HWPT", "nested HWPT", "vIOMMU", "vDEVICE",
        "vEVENTQ",
    };

    return type < UAPI_OBJ_TYPES ? names[type] : "?";
}
