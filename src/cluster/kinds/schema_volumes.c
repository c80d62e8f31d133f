#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field host_path_volume_source_fields[] = {
    ONE("path", STRING, 1, REQUIRED),
    ONE("type", STRING, 2, POINTER),
    END,
};
const struct schema schema_host_path_volume_source = {"io.k8s.api.core.v1.HostPathVolumeSource",
                                                      host_path_volume_source_fields};

static const struct schema_field empty_dir_volume_source_fields[] = {
    ONE("medium", STRING, 1),
    ONE("sizeLimit", QUANTITY, 2, POINTER),
    ONE("mode", INTEGER, 3, POINTER),
    END,
};
const struct schema schema_empty_dir_volume_source = {"io.k8s.api.core.v1.EmptyDirVolumeSource",
                                                      empty_dir_volume_source_fields};

static const struct schema_field gce_persistent_disk_volume_source_fields[] = {
    ONE("pdName", STRING, 1, REQUIRED),
    ONE("fsType", STRING, 2),
    ONE("partition", INTEGER, 3),
    ONE("readOnly", BOOLEAN, 4),
    END,
};
const struct schema schema_gce_persistent_disk_volume_source = {"io.k8s.api.core.v1.GCEPersistentDiskVolumeSource",
                                                                gce_persistent_disk_volume_source_fields};

static const struct schema_field aws_elastic_block_store_volume_source_fields[] = {
    ONE("volumeID", STRING, 1, REQUIRED),
    ONE("fsType", STRING, 2),
    ONE("partition", INTEGER, 3),
    ONE("readOnly", BOOLEAN, 4),
    END,
};
const struct schema schema_aws_elastic_block_store_volume_source = {
    "io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource", aws_elastic_block_store_volume_source_fields};

static const struct schema_field git_repo_volume_source_fields[] = {
    ONE("repository", STRING, 1, REQUIRED),
    ONE("revision", STRING, 2),
    ONE("directory", STRING, 3),
    END,
};
const struct schema schema_git_repo_volume_source = {"io.k8s.api.core.v1.GitRepoVolumeSource",
                                                     git_repo_volume_source_fields};

static const struct schema_field key_to_path_fields[] = {
    ONE("key", STRING, 1, REQUIRED),
    ONE("path", STRING, 2, REQUIRED),
    ONE("mode", INTEGER, 3, POINTER),
    ONE("user", INTEGER64, 4, POINTER),
    END,
};
const struct schema schema_key_to_path = {"io.k8s.api.core.v1.KeyToPath", key_to_path_fields};

static const struct schema_field secret_volume_source_fields[] = {
    ONE("secretName", STRING, 1),
    OBJECTS("items", key_to_path, 2),
    ONE("defaultMode", INTEGER, 3, POINTER),
    ONE("optional", BOOLEAN, 4, POINTER),
    ONE("defaultUser", INTEGER64, 5, POINTER),
    END,
};
const struct schema schema_secret_volume_source = {"io.k8s.api.core.v1.SecretVolumeSource",
                                                   secret_volume_source_fields};

static const struct schema_field nfs_volume_source_fields[] = {
    ONE("server", STRING, 1, REQUIRED),
    ONE("path", STRING, 2, REQUIRED),
    ONE("readOnly", BOOLEAN, 3),
    END,
};
const struct schema schema_nfs_volume_source = {"io.k8s.api.core.v1.NFSVolumeSource", nfs_volume_source_fields};

static const struct schema_field local_object_reference_fields[] = {
    ONE("name", STRING, 1),
    END,
};
const struct schema schema_local_object_reference = {"io.k8s.api.core.v1.LocalObjectReference",
                                                     local_object_reference_fields};

static const struct schema_field iscsi_volume_source_fields[] = {
    ONE("targetPortal", STRING, 1, REQUIRED),
    ONE("iqn", STRING, 2, REQUIRED),
    ONE("lun", INTEGER, 3, REQUIRED),
    ONE("iscsiInterface", STRING, 4),
    ONE("fsType", STRING, 5),
    ONE("readOnly", BOOLEAN, 6),
    LIST("portals", STRING, 7),
    ONE("chapAuthDiscovery", BOOLEAN, 8),
    ONE("chapAuthSession", BOOLEAN, 11),
    OBJECT("secretRef", local_object_reference, 10),
    ONE("initiatorName", STRING, 12, POINTER),
    END,
};
const struct schema schema_iscsi_volume_source = {"io.k8s.api.core.v1.ISCSIVolumeSource", iscsi_volume_source_fields};

static const struct schema_field glusterfs_volume_source_fields[] = {
    ONE("endpoints", STRING, 1, REQUIRED),
    ONE("path", STRING, 2, REQUIRED),
    ONE("readOnly", BOOLEAN, 3),
    END,
};
const struct schema schema_glusterfs_volume_source = {"io.k8s.api.core.v1.GlusterfsVolumeSource",
                                                      glusterfs_volume_source_fields};

static const struct schema_field persistent_volume_claim_volume_source_fields[] = {
    ONE("claimName", STRING, 1, REQUIRED),
    ONE("readOnly", BOOLEAN, 2),
    END,
};
const struct schema schema_persistent_volume_claim_volume_source = {
    "io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource", persistent_volume_claim_volume_source_fields};

static const struct schema_field rbd_volume_source_fields[] = {
    LIST("monitors", STRING, 1, REQUIRED),
    ONE("image", STRING, 2, REQUIRED),
    ONE("fsType", STRING, 3),
    ONE("pool", STRING, 4),
    ONE("user", STRING, 5),
    ONE("keyring", STRING, 6),
    OBJECT("secretRef", local_object_reference, 7),
    ONE("readOnly", BOOLEAN, 8),
    END,
};
const struct schema schema_rbd_volume_source = {"io.k8s.api.core.v1.RBDVolumeSource", rbd_volume_source_fields};

static const struct schema_field flex_volume_source_fields[] = {
    ONE("driver", STRING, 1, REQUIRED), ONE("fsType", STRING, 2),  OBJECT("secretRef", local_object_reference, 3),
    ONE("readOnly", BOOLEAN, 4),        MAP("options", STRING, 5), END,
};
const struct schema schema_flex_volume_source = {"io.k8s.api.core.v1.FlexVolumeSource", flex_volume_source_fields};

static const struct schema_field cinder_volume_source_fields[] = {
    ONE("volumeID", STRING, 1, REQUIRED),
    ONE("fsType", STRING, 2),
    ONE("readOnly", BOOLEAN, 3),
    OBJECT("secretRef", local_object_reference, 4),
    END,
};
const struct schema schema_cinder_volume_source = {"io.k8s.api.core.v1.CinderVolumeSource",
                                                   cinder_volume_source_fields};

static const struct schema_field ceph_fs_volume_source_fields[] = {
    LIST("monitors", STRING, 1, REQUIRED),
    ONE("path", STRING, 2),
    ONE("user", STRING, 3),
    ONE("secretFile", STRING, 4),
    OBJECT("secretRef", local_object_reference, 5),
    ONE("readOnly", BOOLEAN, 6),
    END,
};
const struct schema schema_ceph_fs_volume_source = {"io.k8s.api.core.v1.CephFSVolumeSource",
                                                    ceph_fs_volume_source_fields};

static const struct schema_field flocker_volume_source_fields[] = {
    ONE("datasetName", STRING, 1),
    ONE("datasetUUID", STRING, 2),
    END,
};
const struct schema schema_flocker_volume_source = {"io.k8s.api.core.v1.FlockerVolumeSource",
                                                    flocker_volume_source_fields};

static const struct schema_field object_field_selector_fields[] = {
    ONE("apiVersion", STRING, 1),
    ONE("fieldPath", STRING, 2, REQUIRED),
    END,
};
const struct schema schema_object_field_selector = {"io.k8s.api.core.v1.ObjectFieldSelector",
                                                    object_field_selector_fields};

static const struct schema_field resource_field_selector_fields[] = {
    ONE("containerName", STRING, 1),
    ONE("resource", STRING, 2, REQUIRED),
    ONE("divisor", QUANTITY, 3),
    END,
};
const struct schema schema_resource_field_selector = {"io.k8s.api.core.v1.ResourceFieldSelector",
                                                      resource_field_selector_fields};

static const struct schema_field downward_api_volume_file_fields[] = {
    ONE("path", STRING, 1, REQUIRED),
    OBJECT("fieldRef", object_field_selector, 2),
    OBJECT("resourceFieldRef", resource_field_selector, 3),
    ONE("mode", INTEGER, 4, POINTER),
    ONE("user", INTEGER64, 5, POINTER),
    END,
};
const struct schema schema_downward_api_volume_file = {"io.k8s.api.core.v1.DownwardAPIVolumeFile",
                                                       downward_api_volume_file_fields};

static const struct schema_field downward_api_volume_source_fields[] = {
    OBJECTS("items", downward_api_volume_file, 1),
    ONE("defaultMode", INTEGER, 2, POINTER),
    ONE("defaultUser", INTEGER64, 3, POINTER),
    END,
};
const struct schema schema_downward_api_volume_source = {"io.k8s.api.core.v1.DownwardAPIVolumeSource",
                                                         downward_api_volume_source_fields};

static const struct schema_field fc_volume_source_fields[] = {
    LIST("targetWWNs", STRING, 1), ONE("lun", INTEGER, 2, POINTER), ONE("fsType", STRING, 3),
    ONE("readOnly", BOOLEAN, 4),   LIST("wwids", STRING, 5),        END,
};
const struct schema schema_fc_volume_source = {"io.k8s.api.core.v1.FCVolumeSource", fc_volume_source_fields};

static const struct schema_field azure_file_volume_source_fields[] = {
    ONE("secretName", STRING, 1, REQUIRED),
    ONE("shareName", STRING, 2, REQUIRED),
    ONE("readOnly", BOOLEAN, 3),
    END,
};
const struct schema schema_azure_file_volume_source = {"io.k8s.api.core.v1.AzureFileVolumeSource",
                                                       azure_file_volume_source_fields};

static const struct schema_field config_map_volume_source_fields[] = {
    ONE("name", STRING, 1, INSIDE(1)),         OBJECTS("items", key_to_path, 2),
    ONE("defaultMode", INTEGER, 3, POINTER),   ONE("optional", BOOLEAN, 4, POINTER),
    ONE("defaultUser", INTEGER64, 5, POINTER), END,
};
const struct schema schema_config_map_volume_source = {"io.k8s.api.core.v1.ConfigMapVolumeSource",
                                                       config_map_volume_source_fields};

static const struct schema_field vsphere_virtual_disk_volume_source_fields[] = {
    ONE("volumePath", STRING, 1, REQUIRED),
    ONE("fsType", STRING, 2),
    ONE("storagePolicyName", STRING, 3),
    ONE("storagePolicyID", STRING, 4),
    END,
};
const struct schema schema_vsphere_virtual_disk_volume_source = {"io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource",
                                                                 vsphere_virtual_disk_volume_source_fields};

static const struct schema_field quobyte_volume_source_fields[] = {
    ONE("registry", STRING, 1, REQUIRED),
    ONE("volume", STRING, 2, REQUIRED),
    ONE("readOnly", BOOLEAN, 3),
    ONE("user", STRING, 4),
    ONE("group", STRING, 5),
    ONE("tenant", STRING, 6),
    END,
};
const struct schema schema_quobyte_volume_source = {"io.k8s.api.core.v1.QuobyteVolumeSource",
                                                    quobyte_volume_source_fields};

static const struct schema_field azure_disk_volume_source_fields[] = {
    ONE("diskName", STRING, 1, REQUIRED),
    ONE("diskURI", STRING, 2, REQUIRED),
    ONE("cachingMode", STRING, 3, POINTER),
    ONE("fsType", STRING, 4, POINTER),
    ONE("readOnly", BOOLEAN, 5, POINTER),
    ONE("kind", STRING, 6, POINTER),
    END,
};
const struct schema schema_azure_disk_volume_source = {"io.k8s.api.core.v1.AzureDiskVolumeSource",
                                                       azure_disk_volume_source_fields};

static const struct schema_field photon_persistent_disk_volume_source_fields[] = {
    ONE("pdID", STRING, 1, REQUIRED),
    ONE("fsType", STRING, 2),
    END,
};
const struct schema schema_photon_persistent_disk_volume_source = {
    "io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource", photon_persistent_disk_volume_source_fields};

static const struct schema_field secret_projection_fields[] = {
    ONE("name", STRING, 1, INSIDE(1)),
    OBJECTS("items", key_to_path, 2),
    ONE("optional", BOOLEAN, 4, POINTER),
    END,
};
const struct schema schema_secret_projection = {"io.k8s.api.core.v1.SecretProjection", secret_projection_fields};

static const struct schema_field downward_api_projection_fields[] = {
    OBJECTS("items", downward_api_volume_file, 1),
    END,
};
const struct schema schema_downward_api_projection = {"io.k8s.api.core.v1.DownwardAPIProjection",
                                                      downward_api_projection_fields};

static const struct schema_field config_map_projection_fields[] = {
    ONE("name", STRING, 1, INSIDE(1)),
    OBJECTS("items", key_to_path, 2),
    ONE("optional", BOOLEAN, 4, POINTER),
    END,
};
const struct schema schema_config_map_projection = {"io.k8s.api.core.v1.ConfigMapProjection",
                                                    config_map_projection_fields};

static const struct schema_field service_account_token_projection_fields[] = {
    ONE("audience", STRING, 1),
    ONE("expirationSeconds", INTEGER64, 2, POINTER),
    ONE("path", STRING, 3, REQUIRED),
    ONE("user", INTEGER64, 4, POINTER),
    END,
};
const struct schema schema_service_account_token_projection = {"io.k8s.api.core.v1.ServiceAccountTokenProjection",
                                                               service_account_token_projection_fields};

static const struct schema_field cluster_trust_bundle_projection_fields[] = {
    ONE("name", STRING, 1, POINTER),
    ONE("signerName", STRING, 2, POINTER),
    OBJECT("labelSelector", label_selector, 3),
    ONE("optional", BOOLEAN, 5, POINTER),
    ONE("path", STRING, 4, REQUIRED),
    ONE("user", INTEGER64, 6, POINTER),
    END,
};
const struct schema schema_cluster_trust_bundle_projection = {"io.k8s.api.core.v1.ClusterTrustBundleProjection",
                                                              cluster_trust_bundle_projection_fields};

static const struct schema_field pod_certificate_projection_fields[] = {
    ONE("signerName", STRING, 1),
    ONE("keyType", STRING, 2),
    ONE("maxExpirationSeconds", INTEGER, 3, POINTER),
    ONE("credentialBundlePath", STRING, 4),
    ONE("keyPath", STRING, 5),
    ONE("certificateChainPath", STRING, 6),
    MAP("userAnnotations", STRING, 7),
    ONE("user", INTEGER64, 8, POINTER),
    END,
};
const struct schema schema_pod_certificate_projection = {"io.k8s.api.core.v1.PodCertificateProjection",
                                                         pod_certificate_projection_fields};

static const struct schema_field volume_projection_fields[] = {
    OBJECT("secret", secret_projection, 1),
    OBJECT("downwardAPI", downward_api_projection, 2),
    OBJECT("configMap", config_map_projection, 3),
    OBJECT("serviceAccountToken", service_account_token_projection, 4),
    OBJECT("clusterTrustBundle", cluster_trust_bundle_projection, 5),
    OBJECT("podCertificate", pod_certificate_projection, 6),
    END,
};
const struct schema schema_volume_projection = {"io.k8s.api.core.v1.VolumeProjection", volume_projection_fields};

static const struct schema_field projected_volume_source_fields[] = {
    OBJECTS("sources", volume_projection, 1),
    ONE("defaultMode", INTEGER, 2, POINTER),
    ONE("defaultUser", INTEGER64, 3, POINTER),
    END,
};
const struct schema schema_projected_volume_source = {"io.k8s.api.core.v1.ProjectedVolumeSource",
                                                      projected_volume_source_fields};

static const struct schema_field portworx_volume_source_fields[] = {
    ONE("volumeID", STRING, 1, REQUIRED),
    ONE("fsType", STRING, 2),
    ONE("readOnly", BOOLEAN, 3),
    END,
};
const struct schema schema_portworx_volume_source = {"io.k8s.api.core.v1.PortworxVolumeSource",
                                                     portworx_volume_source_fields};

static const struct schema_field scale_io_volume_source_fields[] = {
    ONE("gateway", STRING, 1, REQUIRED),
    ONE("system", STRING, 2, REQUIRED),
    OBJECT("secretRef", local_object_reference, 3, REQUIRED),
    ONE("sslEnabled", BOOLEAN, 4),
    ONE("protectionDomain", STRING, 5),
    ONE("storagePool", STRING, 6),
    ONE("storageMode", STRING, 7),
    ONE("volumeName", STRING, 8),
    ONE("fsType", STRING, 9),
    ONE("readOnly", BOOLEAN, 10),
    END,
};
const struct schema schema_scale_io_volume_source = {"io.k8s.api.core.v1.ScaleIOVolumeSource",
                                                     scale_io_volume_source_fields};

static const struct schema_field storage_os_volume_source_fields[] = {
    ONE("volumeName", STRING, 1),
    ONE("volumeNamespace", STRING, 2),
    ONE("fsType", STRING, 3),
    ONE("readOnly", BOOLEAN, 4),
    OBJECT("secretRef", local_object_reference, 5),
    END,
};
const struct schema schema_storage_os_volume_source = {"io.k8s.api.core.v1.StorageOSVolumeSource",
                                                       storage_os_volume_source_fields};

static const struct schema_field csi_volume_source_fields[] = {
    ONE("driver", STRING, 1, REQUIRED),
    ONE("readOnly", BOOLEAN, 2, POINTER),
    ONE("fsType", STRING, 3, POINTER),
    MAP("volumeAttributes", STRING, 4),
    OBJECT("nodePublishSecretRef", local_object_reference, 5),
    END,
};
const struct schema schema_csi_volume_source = {"io.k8s.api.core.v1.CSIVolumeSource", csi_volume_source_fields};

static const struct schema_field volume_resource_requirements_fields[] = {
    MAP("limits", QUANTITY, 1),
    MAP("requests", QUANTITY, 2),
    END,
};
const struct schema schema_volume_resource_requirements = {"io.k8s.api.core.v1.VolumeResourceRequirements",
                                                           volume_resource_requirements_fields};

static const struct schema_field typed_local_object_reference_fields[] = {
    ONE("apiGroup", STRING, 1, POINTER),
    ONE("kind", STRING, 2, REQUIRED),
    ONE("name", STRING, 3, REQUIRED),
    END,
};
const struct schema schema_typed_local_object_reference = {"io.k8s.api.core.v1.TypedLocalObjectReference",
                                                           typed_local_object_reference_fields};

static const struct schema_field typed_object_reference_fields[] = {
    ONE("apiGroup", STRING, 1, POINTER),
    ONE("kind", STRING, 2, REQUIRED),
    ONE("name", STRING, 3, REQUIRED),
    ONE("namespace", STRING, 4, POINTER),
    END,
};
const struct schema schema_typed_object_reference = {"io.k8s.api.core.v1.TypedObjectReference",
                                                     typed_object_reference_fields};

static const struct schema_field persistent_volume_claim_spec_fields[] = {
    LIST("accessModes", STRING, 1),
    OBJECT("selector", label_selector, 4),
    OBJECT("resources", volume_resource_requirements, 2),
    ONE("volumeName", STRING, 3),
    ONE("storageClassName", STRING, 5, POINTER),
    ONE("volumeMode", STRING, 6, POINTER),
    OBJECT("dataSource", typed_local_object_reference, 7),
    OBJECT("dataSourceRef", typed_object_reference, 8),
    ONE("volumeAttributesClassName", STRING, 9, POINTER),
    END,
};
const struct schema schema_persistent_volume_claim_spec = {"io.k8s.api.core.v1.PersistentVolumeClaimSpec",
                                                           persistent_volume_claim_spec_fields};

static const struct schema_field persistent_volume_claim_template_fields[] = {
    OBJECT("metadata", object_meta, 1),
    OBJECT("spec", persistent_volume_claim_spec, 2, REQUIRED),
    END,
};
const struct schema schema_persistent_volume_claim_template = {"io.k8s.api.core.v1.PersistentVolumeClaimTemplate",
                                                               persistent_volume_claim_template_fields};

static const struct schema_field ephemeral_volume_source_fields[] = {
    OBJECT("volumeClaimTemplate", persistent_volume_claim_template, 1),
    END,
};
const struct schema schema_ephemeral_volume_source = {"io.k8s.api.core.v1.EphemeralVolumeSource",
                                                      ephemeral_volume_source_fields};

static const struct schema_field image_volume_source_fields[] = {
    ONE("reference", STRING, 1),
    ONE("pullPolicy", STRING, 2),
    END,
};
const struct schema schema_image_volume_source = {"io.k8s.api.core.v1.ImageVolumeSource", image_volume_source_fields};

static const struct schema_field volume_fields[] = {
    ONE("name", STRING, 1, REQUIRED),
    OBJECT("hostPath", host_path_volume_source, 1, INSIDE(2)),
    OBJECT("emptyDir", empty_dir_volume_source, 2, INSIDE(2)),
    OBJECT("gcePersistentDisk", gce_persistent_disk_volume_source, 3, INSIDE(2)),
    OBJECT("awsElasticBlockStore", aws_elastic_block_store_volume_source, 4, INSIDE(2)),
    OBJECT("gitRepo", git_repo_volume_source, 5, INSIDE(2)),
    OBJECT("secret", secret_volume_source, 6, INSIDE(2)),
    OBJECT("nfs", nfs_volume_source, 7, INSIDE(2)),
    OBJECT("iscsi", iscsi_volume_source, 8, INSIDE(2)),
    OBJECT("glusterfs", glusterfs_volume_source, 9, INSIDE(2)),
    OBJECT("persistentVolumeClaim", persistent_volume_claim_volume_source, 10, INSIDE(2)),
    OBJECT("rbd", rbd_volume_source, 11, INSIDE(2)),
    OBJECT("flexVolume", flex_volume_source, 12, INSIDE(2)),
    OBJECT("cinder", cinder_volume_source, 13, INSIDE(2)),
    OBJECT("cephfs", ceph_fs_volume_source, 14, INSIDE(2)),
    OBJECT("flocker", flocker_volume_source, 15, INSIDE(2)),
    OBJECT("downwardAPI", downward_api_volume_source, 16, INSIDE(2)),
    OBJECT("fc", fc_volume_source, 17, INSIDE(2)),
    OBJECT("azureFile", azure_file_volume_source, 18, INSIDE(2)),
    OBJECT("configMap", config_map_volume_source, 19, INSIDE(2)),
    OBJECT("vsphereVolume", vsphere_virtual_disk_volume_source, 20, INSIDE(2)),
    OBJECT("quobyte", quobyte_volume_source, 21, INSIDE(2)),
    OBJECT("azureDisk", azure_disk_volume_source, 22, INSIDE(2)),
    OBJECT("photonPersistentDisk", photon_persistent_disk_volume_source, 23, INSIDE(2)),
    OBJECT("projected", projected_volume_source, 26, INSIDE(2)),
    OBJECT("portworxVolume", portworx_volume_source, 24, INSIDE(2)),
    OBJECT("scaleIO", scale_io_volume_source, 25, INSIDE(2)),
    OBJECT("storageos", storage_os_volume_source, 27, INSIDE(2)),
    OBJECT("csi", csi_volume_source, 28, INSIDE(2)),
    OBJECT("ephemeral", ephemeral_volume_source, 29, INSIDE(2)),
    OBJECT("image", image_volume_source, 30, INSIDE(2)),
    END,
};
const struct schema schema_volume = {"io.k8s.api.core.v1.Volume", volume_fields};
