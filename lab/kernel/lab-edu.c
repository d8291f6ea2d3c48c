// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Driver for QEMU's `edu` device, whose DMA engine can be aimed at any IOVA.
 * It sets up only what user space cannot have: a page mapped for DMA and the
 * device's MSI. The guest's agent does the rest, through the BAR.
 *
 * (VFIO could have been used instead, but Linux gives no device to user space
 * whose firmware asks for a 1:1 mapping, here that of the MSI window.)
 *
 * In the device's directory in sysfs:
 *   dma_iova    where the device finds the page
 *   dma_page    the page
 *   dma_irqs    interrupts taken, and OR of the causes that the device told
 * In the driver's directory:
 *   attach_pasid  a PCI address written there gives that device, whatever its
 *                 driver, PASID 1 with a domain of its own until it is gone
 */
#include <linux/dma-mapping.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/sysfs.h>

#define EDU_IRQ_STATUS	0x24
#define EDU_IRQ_ACK	0x64

struct lab_edu {
	void __iomem *regs;
	void *page;
	dma_addr_t iova;
	unsigned long irqs;
	u32 causes;
};

static irqreturn_t lab_edu_irq(int irq, void *opaque)
{
	struct lab_edu *edu = opaque;
	u32 cause = readl(edu->regs + EDU_IRQ_STATUS);

	if (!cause)
		return IRQ_NONE;
	writel(cause, edu->regs + EDU_IRQ_ACK);
	edu->causes |= cause;
	edu->irqs++;
	return IRQ_HANDLED;
}

static ssize_t dma_iova_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct lab_edu *edu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%pad\n", &edu->iova);
}
static DEVICE_ATTR_RO(dma_iova);

static ssize_t dma_irqs_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct lab_edu *edu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%lu 0x%x\n", edu->irqs, edu->causes);
}
static DEVICE_ATTR_RO(dma_irqs);

static ssize_t dma_page_read(struct file *file, struct kobject *kobj,
			     const struct bin_attribute *attr, char *buf,
			     loff_t offset, size_t count)
{
	struct lab_edu *edu = dev_get_drvdata(kobj_to_dev(kobj));

	memcpy(buf, edu->page + offset, count);
	return count;
}

static ssize_t dma_page_write(struct file *file, struct kobject *kobj,
			      const struct bin_attribute *attr, char *buf,
			      loff_t offset, size_t count)
{
	struct lab_edu *edu = dev_get_drvdata(kobj_to_dev(kobj));

	memcpy(edu->page + offset, buf, count);
	return count;
}
static const BIN_ATTR_RW(dma_page, PAGE_SIZE);

static struct attribute *lab_edu_attrs[] = {
	&dev_attr_dma_iova.attr,
	&dev_attr_dma_irqs.attr,
	NULL,
};

static const struct bin_attribute *const lab_edu_bin_attrs[] = {
	&bin_attr_dma_page,
	NULL,
};

static const struct attribute_group lab_edu_group = {
	.attrs = lab_edu_attrs,
	.bin_attrs = lab_edu_bin_attrs,
};
__ATTRIBUTE_GROUPS(lab_edu);

static ssize_t attach_pasid_store(struct device_driver *driver,
				  const char *buf, size_t count)
{
	struct device *dev = bus_find_device_by_name(driver->bus, NULL, buf);
	struct iommu_domain *domain;
	int ret;

	if (!dev)
		return -ENODEV;
	domain = iommu_paging_domain_alloc(dev);
	ret = PTR_ERR_OR_ZERO(domain);
	if (!ret) {
		ret = iommu_attach_device_pasid(domain, dev, 1, NULL);
		if (ret)
			iommu_domain_free(domain);
	}
	put_device(dev);
	return ret ?: count;
}
static DRIVER_ATTR_WO(attach_pasid);

static struct attribute *lab_edu_driver_attrs[] = {
	&driver_attr_attach_pasid.attr,
	NULL,
};
ATTRIBUTE_GROUPS(lab_edu_driver);

static int lab_edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct device *dev = &pdev->dev;
	struct lab_edu *edu = devm_kzalloc(dev, sizeof(*edu), GFP_KERNEL);
	int ret;

	if (!edu)
		return -ENOMEM;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs)
		return -ENOMEM;
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
	if (ret)
		return ret;
	edu->page = dmam_alloc_coherent(dev, PAGE_SIZE, &edu->iova, GFP_KERNEL);
	if (!edu->page)
		return -ENOMEM;
	pci_set_drvdata(pdev, edu);
	pci_set_master(pdev);
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (ret < 0)
		return ret;
	ret = request_irq(pci_irq_vector(pdev, 0), lab_edu_irq, 0, "lab-edu",
			  edu);
	if (ret)
		pci_free_irq_vectors(pdev);
	return ret;
}

static void lab_edu_remove(struct pci_dev *pdev)
{
	struct lab_edu *edu = pci_get_drvdata(pdev);

	pci_clear_master(pdev);
	free_irq(pci_irq_vector(pdev, 0), edu);
	pci_free_irq_vectors(pdev);
}

static const struct pci_device_id lab_edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};

static struct pci_driver lab_edu_driver = {
	.name = "lab-edu",
	.id_table = lab_edu_ids,
	.probe = lab_edu_probe,
	.remove = lab_edu_remove,
	.groups = lab_edu_driver_groups,
	.dev_groups = lab_edu_groups,
};
builtin_pci_driver(lab_edu_driver);
