import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir
from conan.tools.gnu import PkgConfigDeps


class WeftRecipe(ConanFile):
    name = "weft"
    version = "0.1.0"
    description = "A stackful-fiber async runtime for C++23"
    license = "MIT"
    topics = ("fibers", "coroutines", "async", "io-uring", "networking")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for part in ("cmake", "runtime", "io", "net", "sync", "ffi"):
            copy(self, f"{part}/*", root, self.export_sources_folder)
        for part in ("CMakeLists.txt", "LICENSE"):
            copy(self, part, root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("boost/[>=1.74 <2]")
        self.requires("liburing/[>=2.3 <3]")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("weft's network modules run on Linux only, so far")
        check_min_cppstd(self, 23)

    def generate(self):
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()  # liburing is found by pkg-config
        toolchain = CMakeToolchain(self)
        for what in ("TESTS", "BENCHMARKS", "EXAMPLES", "C", "DART"):
            toolchain.cache_variables[f"WEFT_BUILD_{what}"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "weft")
        self.cpp_info.set_property("pkg_config_name", "weft")
        needs = {
            "runtime": ["boost::context"],
            "sync": ["runtime"],
            "io": ["runtime", "liburing::liburing"],
            "net": ["io", "sync"],
        }
        for module, others in needs.items():
            part = self.cpp_info.components[module]
            part.set_property("cmake_target_name", f"weft::{module}")
            part.libs = [f"weft_{module}"]
            part.requires = others
            part.system_libs = ["pthread"] if module == "runtime" else []
        trap = self.cpp_info.components["mutex_trap"]  # for debug builds, by those who ask for it
        trap.set_property("cmake_target_name", "weft::mutex_trap")
        trap.libs = ["weft_mutex_trap"]
        trap.requires = ["runtime"]
        trap.system_libs = ["dl"]
        trap.exelinkflags = ["-Wl,--undefined=weft_mutex_trap"]
        everything = self.cpp_info.components["weft"]
        everything.set_property("cmake_target_name", "weft::weft")
        everything.requires = list(needs)
