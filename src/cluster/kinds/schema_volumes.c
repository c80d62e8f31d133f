#include "cluster/kinds/schema_types.h"

#include "cluster/kinds/schema_macros.h"

static const struct schema_field host_path_volume_source_fields[] = {
    ONE("path", STRING, REQUIRED),
    ONE("type", STRING),
    END,
};
const struct schema schema_host_path_volume_source = {"io.k8s.api.core.v1.HostPathVolumeSource",
                                                      host_path_volume_source_fields};

static const struct schema_field empty_dir_volume_source_fields[] = {
    ONE("medium", STRING),
    ONE("sizeLimit", QUANTITY),
    ONE("mode", INTEGER),
    END,
};
const struct schema schema_empty_dir_volume_source = {"io.k8s.api.core.v1.EmptyDirVolumeSource",
                                                      empty_dir_volume_source_fields};

static const struct schema_field gce_persistent_disk_volume_source_fields[] = {
    ONE("pdName", STRING, REQUIRED), ONE("fsType", STRING), ONE("partition", INTEGER), ONE("readOnly", BOOLEAN), END,
};
const struct schema schema_gce_persistent_disk_volume_source = {"io.k8s.api.core.v1.GCEPersistentDiskVolumeSource",
                                                                gce_persistent_disk_volume_source_fields};

static const struct schema_field aws_elastic_block_store_volume_source_fields[] = {
    ONE("volumeID", STRING, REQUIRED), ONE("fsType", STRING), ONE("partition", INTEGER), ONE("readOnly", BOOLEAN), END,
};
const struct schema schema_aws_elastic_block_store_volume_source = {
    "io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource", aws_elastic_block_store_volume_source_fields};

static const struct schema_field git_repo_volume_source_fields[] = {
    ONE("repository", STRING, REQUIRED),
    ONE("revision", STRING),
    ONE("directory", STRING),
    END,
};
const struct schema schema_git_repo_volume_source = {"io.k8s.api.core.v1.GitRepoVolumeSource",
                                                     git_repo_volume_source_fields};

static const struct schema_field key_to_path_fields[] = {
    ONE("key", STRING, REQUIRED), ONE("path", STRING, REQUIRED), ONE("mode", INTEGER), ONE("user", INTEGER64), END,
};
const struct schema schema_key_to_path = {"io.k8s.api.core.v1.KeyToPath", key_to_path_fields};

static const struct schema_field secret_volume_source_fields[] = {
    ONE("secretName", STRING), OBJECTS("items", key_to_path), ONE("defaultMode", INTEGER),
    ONE("optional", BOOLEAN),  ONE("defaultUser", INTEGER64), END,
};
const struct schema schema_secret_volume_source = {"io.k8s.api.core.v1.SecretVolumeSource",
                                                   secret_volume_source_fields};

static const struct schema_field nfs_volume_source_fields[] = {
    ONE("server", STRING, REQUIRED),
    ONE("path", STRING, REQUIRED),
    ONE("readOnly", BOOLEAN),
    END,
};
const struct schema schema_nfs_volume_source = {"io.k8s.api.core.v1.NFSVolumeSource", nfs_volume_source_fields};

static const struct schema_field local_object_reference_fields[] = {
    ONE("name", STRING),
    END,
};
const struct schema schema_local_object_reference = {"io.k8s.api.core.v1.LocalObjectReference",
                                                     local_object_reference_fields};

static const struct schema_field iscsi_volume_source_fields[] = {
    ONE("targetPortal", STRING, REQUIRED),
    ONE("iqn", STRING, REQUIRED),
    ONE("lun", INTEGER, REQUIRED),
    ONE("iscsiInterface", STRING),
    ONE("fsType", STRING),
    ONE("readOnly", BOOLEAN),
    LIST("portals", STRING),
    ONE("chapAuthDiscovery", BOOLEAN),
    ONE("chapAuthSession", BOOLEAN),
    OBJECT("secretRef", local_object_reference),
    ONE("initiatorName", STRING),
    END,
};
const struct schema schema_iscsi_volume_source = {"io.k8s.api.core.v1.ISCSIVolumeSource", iscsi_volume_source_fields};

static const struct schema_field glusterfs_volume_source_fields[] = {
    ONE("endpoints", STRING, REQUIRED),
    ONE("path", STRING, REQUIRED),
    ONE("readOnly", BOOLEAN),
    END,
};
const struct schema schema_glusterfs_volume_source = {"io.k8s.api.core.v1.GlusterfsVolumeSource",
                                                      glusterfs_volume_source_fields};

static const struct schema_field persistent_volume_claim_volume_source_fields[] = {
    ONE("claimName", STRING, REQUIRED),
    ONE("readOnly", BOOLEAN),
    END,
};
const struct schema schema_persistent_volume_claim_volume_source = {
    "io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource", persistent_volume_claim_volume_source_fields};

static const struct schema_field rbd_volume_source_fields[] = {
    LIST("monitors", STRING, REQUIRED),
    ONE("image", STRING, REQUIRED),
    ONE("fsType", STRING),
    ONE("pool", STRING),
    ONE("user", STRING),
    ONE("keyring", STRING),
    OBJECT("secretRef", local_object_reference),
    ONE("readOnly", BOOLEAN),
    END,
};
const struct schema schema_rbd_volume_source = {"io.k8s.api.core.v1.RBDVolumeSource", rbd_volume_source_fields};

static const struct schema_field flex_volume_source_fields[] = {
    ONE("driver", STRING, REQUIRED), ONE("fsType", STRING),  OBJECT("secretRef", local_object_reference),
    ONE("readOnly", BOOLEAN),        MAP("options", STRING), END,
};
const struct schema schema_flex_volume_source = {"io.k8s.api.core.v1.FlexVolumeSource", flex_volume_source_fields};

static const struct schema_field cinder_volume_source_fields[] = {
    ONE("volumeID", STRING, REQUIRED),
    ONE("fsType", STRING),
    ONE("readOnly", BOOLEAN),
    OBJECT("secretRef", local_object_reference),
    END,
};
const struct schema schema_cinder_volume_source = {"io.k8s.api.core.v1.CinderVolumeSource",
                                                   cinder_volume_source_fields};

static const struct schema_field ceph_fs_volume_source_fields[] = {
    LIST("monitors", STRING, REQUIRED),
    ONE("path", STRING),
    ONE("user", STRING),
    ONE("secretFile", STRING),
    OBJECT("secretRef", local_object_reference),
    ONE("readOnly", BOOLEAN),
    END,
};
const struct schema schema_ceph_fs_volume_source = {"io.k8s.api.core.v1.CephFSVolumeSource",
                                                    ceph_fs_volume_source_fields};

static const struct schema_field flocker_volume_source_fields[] = {
    ONE("datasetName", STRING),
    ONE("datasetUUID", STRING),
    END,
};
const struct schema schema_flocker_volume_source = {"io.k8s.api.core.v1.FlockerVolumeSource",
                                                    flocker_volume_source_fields};

static const struct schema_field object_field_selector_fields[] = {
    ONE("apiVersion", STRING),
    ONE("fieldPath", STRING, REQUIRED),
    END,
};
const struct schema schema_object_field_selector = {"io.k8s.api.core.v1.ObjectFieldSelector",
                                                    object_field_selector_fields};

static const struct schema_field resource_field_selector_fields[] = {
    ONE("containerName", STRING),
    ONE("resource", STRING, REQUIRED),
    ONE("divisor", QUANTITY),
    END,
};
const struct schema schema_resource_field_selector = {"io.k8s.api.core.v1.ResourceFieldSelector",
                                                      resource_field_selector_fields};

static const struct schema_field downward_api_volume_file_fields[] = {
    ONE("path", STRING, REQUIRED),
    OBJECT("fieldRef", object_field_selector),
    OBJECT("resourceFieldRef", resource_field_selector),
    ONE("mode", INTEGER),
    ONE("user", INTEGER64),
    END,
};
const struct schema schema_downward_api_volume_file = {"io.k8s.api.core.v1.DownwardAPIVolumeFile",
                                                       downward_api_volume_file_fields};

static const struct schema_field downward_api_volume_source_fields[] = {
    OBJECTS("items", downward_api_volume_file),
    ONE("defaultMode", INTEGER),
    ONE("defaultUser", INTEGER64),
    END,
};
const struct schema schema_downward_api_volume_source = {"io.k8s.api.core.v1.DownwardAPIVolumeSource",
                                                         downward_api_volume_source_fields};

static const struct schema_field fc_volume_source_fields[] = {
    LIST("targetWWNs", STRING), ONE("lun", INTEGER),   ONE("fsType", STRING),
    ONE("readOnly", BOOLEAN),   LIST("wwids", STRING), END,
};
const struct schema schema_fc_volume_source = {"io.k8s.api.core.v1.FCVolumeSource", fc_volume_source_fields};

static const struct schema_field azure_file_volume_source_fields[] = {
    ONE("secretName", STRING, REQUIRED),
    ONE("shareName", STRING, REQUIRED),
    ONE("readOnly", BOOLEAN),
    END,
};
const struct schema schema_azure_file_volume_source = {"io.k8s.api.core.v1.AzureFileVolumeSource",
                                                       azure_file_volume_source_fields};

static const struct schema_field config_map_volume_source_fields[] = {
    ONE("name", STRING),      OBJECTS("items", key_to_path), ONE("defaultMode", INTEGER),
    ONE("optional", BOOLEAN), ONE("defaultUser", INTEGER64), END,
};
const struct schema schema_config_map_volume_source = {"io.k8s.api.core.v1.ConfigMapVolumeSource",
                                                       config_map_volume_source_fields};

static const struct schema_field vsphere_virtual_disk_volume_source_fields[] = {
    ONE("volumePath", STRING, REQUIRED),
    ONE("fsType", STRING),
    ONE("storagePolicyName", STRING),
    ONE("storagePolicyID", STRING),
    END,
};
const struct schema schema_vsphere_virtual_disk_volume_source = {"io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource",
                                                                 vsphere_virtual_disk_volume_source_fields};

static const struct schema_field quobyte_volume_source_fields[] = {
    ONE("registry", STRING, REQUIRED),
    ONE("volume", STRING, REQUIRED),
    ONE("readOnly", BOOLEAN),
    ONE("user", STRING),
    ONE("group", STRING),
    ONE("tenant", STRING),
    END,
};
const struct schema schema_quobyte_volume_source = {"io.k8s.api.core.v1.QuobyteVolumeSource",
                                                    quobyte_volume_source_fields};

static const struct schema_field azure_disk_volume_source_fields[] = {
    ONE("diskName", STRING, REQUIRED),
    ONE("diskURI", STRING, REQUIRED),
    ONE("cachingMode", STRING),
    ONE("fsType", STRING),
    ONE("readOnly", BOOLEAN),
    ONE("kind", STRING),
    END,
};
const struct schema schema_azure_disk_volume_source = {"io.k8s.api.core.v1.AzureDiskVolumeSource",
                                                       azure_disk_volume_source_fields};

static const struct schema_field photon_persistent_disk_volume_source_fields[] = {
    ONE("pdID", STRING, REQUIRED),
    ONE("fsType", STRING),
    END,
};
const struct schema schema_photon_persistent_disk_volume_source = {
    "io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource", photon_persistent_disk_volume_source_fields};

static const struct schema_field secret_projection_fields[] = {
    ONE("name", STRING),
    OBJECTS("items", key_to_path),
    ONE("optional", BOOLEAN),
    END,
};
const struct schema schema_secret_projection = {"io.k8s.api.core.v1.SecretProjection", secret_projection_fields};

static const struct schema_field downward_api_projection_fields[] = {
    OBJECTS("items", downward_api_volume_file),
    END,
};
const struct schema schema_downward_api_projection = {"io.k8s.api.core.v1.DownwardAPIProjection",
                                                      downward_api_projection_fields};

static const struct schema_field config_map_projection_fields[] = {
    ONE("name", STRING),
    OBJECTS("items", key_to_path),
    ONE("optional", BOOLEAN),
    END,
};
const struct schema schema_config_map_projection = {"io.k8s.api.core.v1.ConfigMapProjection",
                                                    config_map_projection_fields};

static const struct schema_field service_account_token_projection_fields[] = {
    ONE("audience", STRING),
    ONE("expirationSeconds", INTEGER64),
    ONE("path", STRING, REQUIRED),
    ONE("user", INTEGER64),
    END,
};
const struct schema schema_service_account_token_projection = {"io.k8s.api.core.v1.ServiceAccountTokenProjection",
                                                               service_account_token_projection_fields};

static const struct schema_field cluster_trust_bundle_projection_fields[] = {
    ONE("name", STRING),
    ONE("signerName", STRING),
    OBJECT("labelSelector", label_selector),
    ONE("optional", BOOLEAN),
    ONE("path", STRING, REQUIRED),
    ONE("user", INTEGER64),
    END,
};
const struct schema schema_cluster_trust_bundle_projection = {"io.k8s.api.core.v1.ClusterTrustBundleProjection",
                                                              cluster_trust_bundle_projection_fields};

static const struct schema_field pod_certificate_projection_fields[] = {
    ONE("signerName", STRING),           ONE("keyType", STRING), ONE("maxExpirationSeconds", INTEGER),
    ONE("credentialBundlePath", STRING), ONE("keyPath", STRING), ONE("certificateChainPath", STRING),
    MAP("userAnnotations", STRING),      ONE("user", INTEGER64), END,
};
const struct schema schema_pod_certificate_projection = {"io.k8s.api.core.v1.PodCertificateProjection",
                                                         pod_certificate_projection_fields};

static const struct schema_field volume_projection_fields[] = {
    OBJECT("secret", secret_projection),
    OBJECT("downwardAPI", downward_api_projection),
    OBJECT("configMap", config_map_projection),
    OBJECT("serviceAccountToken", service_account_token_projection),
    OBJECT("clusterTrustBundle", cluster_trust_bundle_projection),
    OBJECT("podCertificate", pod_certificate_projection),
    END,
};
const struct schema schema_volume_projection = {"io.k8s.api.core.v1.VolumeProjection", volume_projection_fields};

static const struct schema_field projected_volume_source_fields[] = {
    OBJECTS("sources", volume_projection),
    ONE("defaultMode", INTEGER),
    ONE("defaultUser", INTEGER64),
    END,
};
const struct schema schema_projected_volume_source = {"io.k8s.api.core.v1.ProjectedVolumeSource",
                                                      projected_volume_source_fields};

static const struct schema_field portworx_volume_source_fields[] = {
    ONE("volumeID", STRING, REQUIRED),
    ONE("fsType", STRING),
    ONE("readOnly", BOOLEAN),
    END,
};
const struct schema schema_portworx_volume_source = {"io.k8s.api.core.v1.PortworxVolumeSource",
                                                     portworx_volume_source_fields};

static const struct schema_field scale_io_volume_source_fields[] = {
    ONE("gateway", STRING, REQUIRED),
    ONE("system", STRING, REQUIRED),
    OBJECT("secretRef", local_object_reference, REQUIRED),
    ONE("sslEnabled", BOOLEAN),
    ONE("protectionDomain", STRING),
    ONE("storagePool", STRING),
    ONE("storageMode", STRING),
    ONE("volumeName", STRING),
    ONE("fsType", STRING),
    ONE("readOnly", BOOLEAN),
    END,
};
const struct schema schema_scale_io_volume_source = {"io.k8s.api.core.v1.ScaleIOVolumeSource",
                                                     scale_io_volume_source_fields};

static const struct schema_field storage_os_volume_source_fields[] = {
    ONE("volumeName", STRING),
    ONE("volumeNamespace", STRING),
    ONE("fsType", STRING),
    ONE("readOnly", BOOLEAN),
    OBJECT("secretRef", local_object_reference),
    END,
};
const struct schema schema_storage_os_volume_source = {"io.k8s.api.core.v1.StorageOSVolumeSource",
                                                       storage_os_volume_source_fields};

static const struct schema_field csi_volume_source_fields[] = {
    ONE("driver", STRING, REQUIRED),
    ONE("readOnly", BOOLEAN),
    ONE("fsType", STRING),
    MAP("volumeAttributes", STRING),
    OBJECT("nodePublishSecretRef", local_object_reference),
    END,
};
const struct schema schema_csi_volume_source = {"io.k8s.api.core.v1.CSIVolumeSource", csi_volume_source_fields};

static const struct schema_field volume_resource_requirements_fields[] = {
    MAP("limits", QUANTITY),
    MAP("requests", QUANTITY),
    END,
};
const struct schema schema_volume_resource_requirements = {"io.k8s.api.core.v1.VolumeResourceRequirements",
                                                           volume_resource_requirements_fields};

static const struct schema_field typed_local_object_reference_fields[] = {
    ONE("apiGroup", STRING),
    ONE("kind", STRING, REQUIRED),
    ONE("name", STRING, REQUIRED),
    END,
};
const struct schema schema_typed_local_object_reference = {"io.k8s.api.core.v1.TypedLocalObjectReference",
                                                           typed_local_object_reference_fields};

static const struct schema_field typed_object_reference_fields[] = {
    ONE("apiGroup", STRING),
    ONE("kind", STRING, REQUIRED),
    ONE("name", STRING, REQUIRED),
    ONE("namespace", STRING),
    END,
};
const struct schema schema_typed_object_reference = {"io.k8s.api.core.v1.TypedObjectReference",
                                                     typed_object_reference_fields};

static const struct schema_field persistent_volume_claim_spec_fields[] = {
    LIST("accessModes", STRING),
    OBJECT("selector", label_selector),
    OBJECT("resources", volume_resource_requirements),
    ONE("volumeName", STRING),
    ONE("storageClassName", STRING),
    ONE("volumeMode", STRING),
    OBJECT("dataSource", typed_local_object_reference),
    OBJECT("dataSourceRef", typed_object_reference),
    ONE("volumeAttributesClassName", STRING),
    END,
};
const struct schema schema_persistent_volume_claim_spec = {"io.k8s.api.core.v1.PersistentVolumeClaimSpec",
                                                           persistent_volume_claim_spec_fields};

static const struct schema_field persistent_volume_claim_template_fields[] = {
    OBJECT("metadata", object_meta),
    OBJECT("spec", persistent_volume_claim_spec, REQUIRED),
    END,
};
const struct schema schema_persistent_volume_claim_template = {"io.k8s.api.core.v1.PersistentVolumeClaimTemplate",
                                                               persistent_volume_claim_template_fields};

static const struct schema_field ephemeral_volume_source_fields[] = {
    OBJECT("volumeClaimTemplate", persistent_volume_claim_template),
    END,
};
const struct schema schema_ephemeral_volume_source = {"io.k8s.api.core.v1.EphemeralVolumeSource",
                                                      ephemeral_volume_source_fields};

static const struct schema_field image_volume_source_fields[] = {
    ONE("reference", STRING),
    ONE("pullPolicy", STRING),
    END,
};
const struct schema schema_image_volume_source = {"io.k8s.api.core.v1.ImageVolumeSource", image_volume_source_fields};

static const struct schema_field volume_fields[] = {
    ONE("name", STRING, REQUIRED),
    OBJECT("hostPath", host_path_volume_source),
    OBJECT("emptyDir", empty_dir_volume_source),
    OBJECT("gcePersistentDisk", gce_persistent_disk_volume_source),
    OBJECT("awsElasticBlockStore", aws_elastic_block_store_volume_source),
    OBJECT("gitRepo", git_repo_volume_source),
    OBJECT("secret", secret_volume_source),
    OBJECT("nfs", nfs_volume_source),
    OBJECT("iscsi", iscsi_volume_source),
    OBJECT("glusterfs", glusterfs_volume_source),
    OBJECT("persistentVolumeClaim", persistent_volume_claim_volume_source),
    OBJECT("rbd", rbd_volume_source),
    OBJECT("flexVolume", flex_volume_source),
    OBJECT("cinder", cinder_volume_source),
    OBJECT("cephfs", ceph_fs_volume_source),
    OBJECT("flocker", flocker_volume_source),
    OBJECT("downwardAPI", downward_api_volume_source),
    OBJECT("fc", fc_volume_source),
    OBJECT("azureFile", azure_file_volume_source),
    OBJECT("configMap", config_map_volume_source),
    OBJECT("vsphereVolume", vsphere_virtual_disk_volume_source),
    OBJECT("quobyte", quobyte_volume_source),
    OBJECT("azureDisk", azure_disk_volume_source),
    OBJECT("photonPersistentDisk", photon_persistent_disk_volume_source),
    OBJECT("projected", projected_volume_source),
    OBJECT("portworxVolume", portworx_volume_source),
    OBJECT("scaleIO", scale_io_volume_source),
    OBJECT("storageos", storage_os_volume_source),
    OBJECT("csi", csi_volume_source),
    OBJECT("ephemeral", ephemeral_volume_source),
    OBJECT("image", image_volume_source),
    END,
};
const struct schema schema_volume = {"io.k8s.api.core.v1.Volume", volume_fields};
